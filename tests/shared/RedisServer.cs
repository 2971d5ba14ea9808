using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Darq.Tests.Shared;

/// <summary>
/// A real Redis or Valkey of the test's own, on a loopback port and in a temp folder. It can be killed, paused and started
/// again on its files and port, as the machine under it would do.
/// </summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);

    private readonly TempFolder _folder = new();
    private readonly RedisOptions _options;
    private ChildProcess? _process;

    private RedisServer(RedisOptions options) => _options = options;

    public int Port { get; } = FreePort.Next();

    /// <summary>The form that <c>redisHost</c> of a component takes.</summary>
    public string Host => $"127.0.0.1:{Port}";

    public string Folder => _folder.FullPath;

    public int ProcessId => _process?.Id ?? 0;

    public static async Task<RedisServer> StartAsync(RedisOptions? options = null)
    {
        var server = new RedisServer(options ?? new RedisOptions());
        try
        {
            await server.RunAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>SIGKILL: what Redis had not yet written to its file's descriptor is lost, what it had is not.</summary>
    public async Task KillAsync()
    {
        if (_process is null)
        {
            return;
        }

        await _process.KillAsync();
        await _process.DisposeAsync();
        _process = null;
    }

    /// <summary>Kills if it runs, and starts again on the same files and port.</summary>
    public async Task RestartAsync()
    {
        await KillAsync();
        await RunAsync();
    }

    public void Pause() => _process?.Signal(Signal.Stop);

    public void Resume() => _process?.Signal(Signal.Cont);

    /// <summary>Runs one command through redis-cli and returns its plain answer; an error answer throws.</summary>
    public async Task<string> CliAsync(params string[] command)
    {
        List<string> arguments = ["-h", "127.0.0.1", "-p", $"{Port}", "-e"];
        if (_options.Password is not null)
        {
            arguments.AddRange(["-a", _options.Password, "--no-auth-warning"]);
        }

        await using var cli = await ChildProcess.StartAsync(Tools.RedisCli, [.. arguments, .. command]);
        var code = await cli.WaitForExitAsync(StartTimeout);
        var answer = string.Join('\n', cli.Output.All);
        return code == 0 ? answer : throw new InvalidOperationException($"redis-cli {string.Join(' ', command)}: {answer}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        _folder.Dispose();
    }

    private async Task RunAsync()
    {
        var config = _folder.Write("redis.conf", _options.ConfigFile(Port, _folder));
        _process = await ChildProcess.StartAsync(TestRedis.Program(_options.Program), [config], folder: Folder);
        await _process.ReadyAsync(AnswersAsync, StartTimeout, $"Redis answers a ping on port {Port}");
    }

    private async Task<bool> AnswersAsync()
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
