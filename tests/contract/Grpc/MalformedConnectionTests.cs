using Darq.Tests.Contract.Grpc.Messages;
using Darq.Tests.Contract.Grpc.Server;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Contract.Grpc;

/// <summary>
/// Bytes that are not even HTTP/2, and connections that break at the worst moment. The connection may end; the server, its
/// other connections and its count of open calls may not notice.
/// </summary>
public sealed class MalformedConnectionTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private ConformanceServer _server = null!;

    [Fact]
    public async Task Http1_request_ends_its_connection_only()
    {
        using var raw = new RawConnection(_server.SocketPath);
        raw.SendBytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"u8);
        await ConnectionEndsAsync(raw);
    }

    [Fact]
    public async Task Noise_ends_its_connection_only()
    {
        using var raw = new RawConnection(_server.SocketPath);
        var noise = new byte[4096];
        new Random(4711).NextBytes(noise);
        raw.SendBytes(noise);
        await ConnectionEndsAsync(raw);
    }

    [Fact]
    public async Task Data_on_stream_zero_ends_its_connection_only()
    {
        using var raw = Prefaced();
        raw.Send(FrameType.Data, 0, 0, [1, 2, 3]);
        await ConnectionEndsAsync(raw);
    }

    [Fact]
    public async Task Headers_that_do_not_decode_end_their_connection_only()
    {
        using var raw = Prefaced();
        raw.Send(FrameType.Headers, RawConnection.EndHeaders, 1, [0xff, 0xff, 0xff, 0xff, 0xff]);
        await ConnectionEndsAsync(raw);
    }

    [Fact]
    public async Task Frame_over_the_frame_size_ends_its_connection_only()
    {
        using var raw = Prefaced();
        raw.SendRequestHeaders(1, "Echo");
        raw.Send(FrameType.Data, 0, 1, new byte[20_000]);
        await ConnectionEndsAsync(raw);
    }

    [Fact]
    public async Task Data_on_a_stream_never_opened_ends_its_connection_only()
    {
        using var raw = Prefaced();
        raw.Send(FrameType.Data, 0, 5, [0]);
        await ConnectionEndsAsync(raw);
    }

    [Fact]
    public async Task Reset_inside_a_message_cancels_the_call_and_leaves_the_connection()
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
    public async Task Connection_cut_inside_a_message_cancels_its_calls()
    {
        using (var raw = Prefaced())
        {
            raw.SendRequestHeaders(1, "Converse");
            raw.Send(FrameType.Data, 0, 1, [.. Frames.Header(0, 1000), 1, 2, 3]);
            raw.SendRequestHeaders(3, "Flood");
            raw.Send(FrameType.Data, RawConnection.EndStream, 3, Frames.Of(new Keyed { Key = "cut" }));
            await CallsOpenAsync(2);
        }

        await CallsOpenAsync(0);
        Assert.True(_server.Service.Calls("cut").Cancelled);
        await _server.IsUnharmedAsync();
    }

    [Fact]
    public async Task Thousand_calls_reset_at_once_leave_nothing_open()
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
