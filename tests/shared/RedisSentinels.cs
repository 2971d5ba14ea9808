namespace Darq.Tests.Shared;

/// <summary>
/// Three real sentinels that watch a primary and its replica, and promote the replica about a second after the primary fell
/// silent. The servers are the test's to kill, pause and start again.
/// </summary>
internal sealed class RedisSentinels : IAsyncDisposable
{
    public const string MasterName = "orders";

    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);

    private readonly TempFolder _folder = new();
    private readonly List<ChildProcess> _sentinels = [];
    private readonly List<int> _ports = [];
    private readonly string? _password;

    private readonly string _rights;

    private RedisSentinels(RedisServer first, RedisServer second, string? password, string rights) =>
        (First, Second, _password, _rights) = (first, second, password, rights);

    /// <summary>The primary at the start.</summary>
    public RedisServer First { get; }

    /// <summary>The replica at the start.</summary>
    public RedisServer Second { get; }

    /// <summary>The form that <c>redisHost</c> of a component takes with <c>failover</c>.</summary>
    public string Hosts => string.Join(',', _ports.Select(port => $"127.0.0.1:{port}"));

    /// <summary>With a password the sentinels ask for it, and let in a user of those rights; the servers behind them never do.</summary>
    public static async Task<RedisSentinels> StartAsync(string? password = null, string rights = "", RedisOptions? servers = null)
    {
        string[] quick = ["repl-diskless-sync-delay 0", "repl-ping-replica-period 1"];
        var options = (servers ?? new RedisOptions()) with { ExtraLines = quick };
        var first = await RedisServer.StartAsync(options);
        var second = await RedisServer.StartAsync(options with { ExtraLines = [.. quick, $"replicaof 127.0.0.1 {first.Port}"] });
        var sentinels = new RedisSentinels(first, second, password, rights);
        try
        {
            await Eventually.TrueAsync(sentinels.IsReplicatedAsync, StartTimeout, "the replica follows the primary");
            for (var i = 0; i < 3; i++)
            {
                await sentinels.StartSentinelAsync(i);
            }

            await Eventually.TrueAsync(sentinels.KnowAllAsync, StartTimeout, "every sentinel knows the replica and the other two");
            return sentinels;
        }
        catch
        {
            await sentinels.DisposeAsync();
            throw;
        }
    }

    /// <summary>Whether all that the primary has written so far has reached the replica.</summary>
    public async Task<bool> IsReplicatedAsync() => await First.CliAsync("WAIT", "1", "1000") == "1";

    public static async Task<bool> IsAsync(RedisServer server, string role) =>
        (await server.CliAsync("INFO", "replication")).Contains($"role:{role}", StringComparison.Ordinal);

    public async ValueTask DisposeAsync()
    {
        foreach (var sentinel in _sentinels)
        {
            await sentinel.DisposeAsync();
        }

        await Second.DisposeAsync();
        await First.DisposeAsync();
        _folder.Dispose();
    }

    private async Task StartSentinelAsync(int number)
    {
        var port = FreePort.Next();
        List<string> lines =
        [
            $"port {port}",
            "bind 127.0.0.1",
            $"dir {_folder}",
            $"sentinel monitor {MasterName} 127.0.0.1 {First.Port} 2",
            $"sentinel down-after-milliseconds {MasterName} 1000",
            $"sentinel failover-timeout {MasterName} 5000",
        ];
        if (_password is not null)
        {
            lines.AddRange([$"requirepass {_password}", $"sentinel sentinel-pass {_password}", $"user watcher on >{_password} {_rights}"]);
        }

        var config = _folder.Write($"sentinel{number}.conf", string.Join('\n', lines) + "\n");
        _sentinels.Add(await ChildProcess.StartAsync(Tools.RedisServer, [config, "--sentinel"], folder: _folder.FullPath));
        _ports.Add(port);
    }

    private async Task<bool> KnowAllAsync()
    {
        foreach (var port in _ports)
        {
            var info = await InfoAsync(port);
            if (!info.Contains("slaves=1,sentinels=3", StringComparison.Ordinal))
            {
                return false;
            }
        }
        return true;
    }

    private async Task<string> InfoAsync(int port)
    {
        string[] login = _password is null ? [] : ["-a", _password, "--no-auth-warning"];
        string[] command = ["-h", "127.0.0.1", "-p", $"{port}", .. login, "INFO", "sentinel"];
        await using var cli = await ChildProcess.StartAsync(Tools.RedisCli, command);
        await cli.WaitForExitAsync(StartTimeout);
        return string.Join('\n', cli.Output.All);
    }
}
