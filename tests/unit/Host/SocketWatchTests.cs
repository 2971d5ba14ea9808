using System.Net.Sockets;
using Darq.Component.Host;
using Darq.Tests.Shared;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Darq.Tests.Unit.Host;

public sealed class SocketWatchTests : IDisposable, ILogger<SocketWatch>
{
    private readonly TempFolder _folder = new();
    private readonly RecordedLog _log = new();
    private readonly SocketOptions _options;
    private readonly SocketWatch _watch;

    public SocketWatchTests()
    {
        _options = new(_folder.FullPath, "darq.sock", UnixFileMode.UserRead | UnixFileMode.UserWrite);
        _watch = new(_options, this);
    }

    [Fact]
    public void Before_the_process_listens_nothing_is_missed()
    {
        _watch.Look();

        Assert.Null(_watch.Why);
    }

    [Fact]
    public void A_socket_that_is_connected_to_or_touched_is_still_its_own()
    {
        using var bound = Listen();
        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        client.Connect(new UnixDomainSocketEndPoint(_options.FullPath));
        _watch.Look();
        Assert.Null(_watch.Why);

        File.SetLastWriteTimeUtc(_options.FullPath, new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        _watch.Look();

        Assert.Null(_watch.Why);
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public void A_socket_that_is_removed_is_logged_once()
    {
        using var bound = Listen();
        File.Delete(_options.FullPath);

        _watch.Look();
        _watch.Look();

        Assert.Contains("was removed", _watch.Why, StringComparison.Ordinal);
        var line = Assert.Single(_log.Lines);
        Assert.Equal(LogLevel.Error, line.Level);
        Assert.Contains("Restart the component", line.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_in_its_place_is_not_taken_for_it()
    {
        using var bound = Listen();
        File.Delete(_options.FullPath);
        _folder.Write("darq.sock", "");

        _watch.Look();

        Assert.Contains("was replaced by another file", _watch.Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_socket_of_another_process_in_its_place_is_not_taken_for_it()
    {
        using var bound = Listen();
        File.Delete(_options.FullPath);
        const string Other =
            "import socket, sys\ns = socket.socket(socket.AF_UNIX)\ns.bind(sys.argv[1])\ns.listen()\nprint('listens', flush=True)\n"
            + "sys.stdin.read()\nwhile True: s.accept()";
        await using var other = await ChildProcess.StartAsync(Tools.Python, ["-c", Other, _options.FullPath]);
        await other.WaitForLineAsync("listens", TimeSpan.FromSeconds(20));

        _watch.Look();

        Assert.Contains("was replaced by another file", _watch.Why, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    ) => _log.Log(logLevel, eventId, state, exception, formatter);

    private Socket Listen()
    {
        var bound = new ComponentSocket(_options).Bind();
        bound.Listen();
        _watch.Begin();
        return bound;
    }
}
