using Darq.Tests.Contract.Grpc.Messages;
using Darq.Tests.Contract.Grpc.Server;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Contract.Grpc;

/// <summary>
/// Clients that speak something else, or go away at the worst moment. That is their fault and no line above Debug in the log; nothing
/// of their calls stays behind.
/// </summary>
public sealed class MalformedConnectionTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private ConformanceServer _server = null!;

    [Fact]
    public async Task Http1_is_not_served()
    {
        using var raw = new RawConnection(_server.SocketPath);
        raw.SendBytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"u8);
        await ConnectionEndsAsync(raw);
    }

    [Fact]
    public async Task Call_reset_inside_a_message_is_no_fault_of_the_component()
    {
        using var raw = Prefaced();
        raw.SendRequestHeaders(1, "Converse");
        raw.Send(FrameType.Data, 0, 1, [.. Frames.Header(0, 1000), 1, 2, 3]);
        await CallsOpenAsync(1);
        raw.Send(FrameType.ResetStream, 0, 1, [0, 0, 0, 8]);
        await CallsOpenAsync(0);
        raw.Send(FrameType.Ping, 0, 0, new byte[8]);
        Assert.NotNull(raw.ReceiveUntil(FrameType.Ping));
        await _server.IsUnharmedAsync();
    }

    [Fact]
    public async Task Connection_cut_inside_a_message_is_no_fault_of_the_component()
    {
        var cut = _server.Service.Calls("cut");
        using (var raw = Prefaced())
        {
            raw.SendRequestHeaders(1, "Converse");
            raw.Send(FrameType.Data, 0, 1, [.. Frames.Header(0, 1000), 1, 2, 3]);
            raw.SendRequestHeaders(3, "Flood");
            raw.Send(FrameType.Data, RawConnection.EndStream, 3, Frames.Of(new Keyed { Key = "cut" }));
            await CallsOpenAsync(2);
            await Eventually.TrueAsync(() => cut.Started, TimeSpan.FromSeconds(10), "the handler runs");
        }

        await CallsOpenAsync(0);
        await Eventually.TrueAsync(() => cut.Cancelled, TimeSpan.FromSeconds(10), "the call hears that it is over");
        await _server.IsUnharmedAsync();
    }

    [Fact]
    public async Task Thousand_calls_open_and_reset_at_once_are_no_fault_of_the_component()
    {
        using var raw = Prefaced();
        for (var stream = 1; stream < 2_000; stream += 2)
        {
            raw.SendRequestHeaders(stream, "Converse");
        }

        await CallsOpenAsync(1_000);
        for (var stream = 1; stream < 2_000; stream += 2)
        {
            raw.Send(FrameType.ResetStream, 0, stream, [0, 0, 0, 8]);
        }

        await CallsOpenAsync(0);
        await _server.IsUnharmedAsync();
    }

    public async ValueTask InitializeAsync() => _server = await ConformanceServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        Assert.DoesNotContain(_server.Logs.Lines, line => line.Level > Microsoft.Extensions.Logging.LogLevel.Debug);
        await _server.DisposeAsync();
    }

    private RawConnection Prefaced()
    {
        var raw = new RawConnection(_server.SocketPath);
        raw.SendPreface();
        return raw;
    }

    private Task CallsOpenAsync(int calls) => Eventually.TrueAsync(() => _server.OpenCalls == calls, Patience, $"{calls} calls are open");

    private async Task ConnectionEndsAsync(RawConnection raw)
    {
        while (raw.Receive() is not null)
        {
            // Whatever the server says before it hangs up, such as GOAWAY, is read so that the end is seen.
        }

        await Eventually.TrueAsync(() => _server.ConnectionsOpen == 0, Patience, "the connection is closed");
        await _server.IsUnharmedAsync();
    }
}
