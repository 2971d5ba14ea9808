using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Darq.Tests.Shared;

/// <summary>
/// A real Redis or Valkey, on a loopback port and in the temp folder. It can be killed, paused and started again on its files and port,
/// as the machine under it would do. Killed, it loses what it had not yet written to its file's descriptor, and nothing else.
/// </summary>
internal sealed class RedisServer : RestartableProcess
{
    private static readonly TimeSpan CommandTimeout = TimeSpan.FromSeconds(30);

    private readonly RedisOptions _options;

    private RedisServer(RedisOptions options) => _options = options;

    public int Port { get; } = FreePort.Next();

    /// <summary>The form that <c>redisHost</c> of a component takes.</summary>
    public string Host => $"127.0.0.1:{Port}";

    public string Folder => Files.FullPath;

    public int ProcessId => Running?.Id ?? 0;

    protected override string Readiness => $"Redis answers a ping on port {Port}";

    public static Task<RedisServer> StartAsync(RedisOptions? options = null) => StartAsync(new RedisServer(options ?? new RedisOptions()));

    /// <summary>Starts one on what <paramref name="prepare"/> puts into its folder.</summary>
    public static Task<RedisServer> StartAsync(RedisOptions options, Action<string> prepare)
    {
        var server = new RedisServer(options);
        prepare(server.Folder);
        return StartAsync(server);
    }

    public void Pause() => Running?.Signal(Signal.Stop);

    public void Resume() => Running?.Signal(Signal.Cont);

    /// <summary>Runs one command through redis-cli and returns its plain answer; an error answer throws.</summary>
    public async Task<string> CliAsync(params string[] command)
    {
        List<string> arguments = ["-h", "127.0.0.1", "-p", $"{Port}", "-e"];
        if (_options.Password is not null)
        {
            arguments.AddRange(["-a", _options.Password, "--no-auth-warning"]);
        }

        await using var cli = await ChildProcess.StartAsync(Tools.RedisCli, [.. arguments, .. command]);
        var code = await cli.WaitForExitAsync(CommandTimeout);
        var answer = string.Join('\n', cli.Output.All);
        return code == 0 ? answer : throw new InvalidOperationException($"redis-cli {string.Join(' ', command)}: {answer}");
    }

    /// <summary>Waits until a replica follows this server.</summary>
    public Task FollowedAsync(TimeSpan timeout) =>
        Eventually.TrueAsync(
            async () => (await CliAsync("INFO", "replication")).Contains("state=online", StringComparison.Ordinal),
            timeout,
            "the replica follows"
        );

    protected override Task<ChildProcess> LaunchAsync()
    {
        var config = Files.Write("redis.conf", _options.ConfigFile(Port, Files));
        return ChildProcess.StartAsync(TestRedis.Program(_options.Program), [config], folder: Folder);
    }

    protected override async Task<bool> IsReadyAsync()
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, Port);
            await client.GetStream().WriteAsync("PING\r\n"u8.ToArray());
            var answer = new byte[64];
            var length = await client.GetStream().ReadAsync(answer);
            // While it reads its file it answers -LOADING; a demand for a password is an answer.
            var text = Encoding.ASCII.GetString(answer, 0, length);
            return text.StartsWith("+PONG", StringComparison.Ordinal) || text.StartsWith("-NOAUTH", StringComparison.Ordinal);
        }
        catch (Exception fault) when (fault is SocketException or IOException)
        {
            return false;
        }
    }
}
