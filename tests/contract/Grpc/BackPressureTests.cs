using Darq.Component.Host;
using Darq.Tests.Contract.Grpc.Messages;
using Darq.Tests.Contract.Grpc.Server;
using Google.Protobuf;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Xunit;

namespace Darq.Tests.Contract.Grpc;

/// <summary>
/// A client that does not read holds its writer back, and for as long as it likes.
/// </summary>
public sealed class BackPressureTests
{
    private const int StreamWindowBytes = 65_535;
    private const int TransportBufferBytes = 64 * 1024;

    [Fact]
    public async Task Writer_stops_at_the_window_and_one_buffer_of_a_client_that_does_not_read()
    {
        await using var server = await ConformanceServer.StartAsync();
        using var raw = new RawConnection(server.SocketPath);
        raw.SendPreface();
        raw.SendRequestHeaders(1, "Flood");
        raw.Send(FrameType.Data, RawConnection.EndStream, 1, Frames.Of(new Keyed { Key = "raw" }));

        var received = 0;
        while (received < StreamWindowBytes)
        {
            received += raw.ReceiveUntil(FrameType.Data)!.Payload.Length;
        }

        // A writer that is not held back goes on while the server answers these, at hundreds of megabytes a second.
        for (var ping = 0; ping < 200; ping++)
        {
            raw.Send(FrameType.Ping, 0, 0, new byte[8]);
            Assert.Equal(FrameType.Ping, raw.ReceiveUntil(FrameType.Ping, FrameType.Data)!.Type);
        }

        Assert.Equal(StreamWindowBytes, received);
        Assert.InRange(server.Service.Calls("raw").BytesAccepted, 0, StreamWindowBytes + TransportBufferBytes);
        Assert.Equal(1, server.OpenCalls);
    }

    [Fact]
    public async Task Blocked_stream_goes_on_where_it_stood_when_the_window_opens()
    {
        await using var server = await ConformanceServer.StartAsync();
        using var raw = new RawConnection(server.SocketPath);
        raw.SendPreface();
        raw.SendRequestHeaders(1, "Flood");
        raw.Send(FrameType.Data, RawConnection.EndStream, 1, Frames.Of(new Keyed { Key = "raw" }));
        Receive(StreamWindowBytes);
        var before = server.Service.Calls("raw").BytesAccepted;

        byte[] mebibyte = [0, 16, 0, 0];
        raw.Send(FrameType.WindowUpdate, 0, 0, mebibyte);
        raw.Send(FrameType.WindowUpdate, 0, 1, mebibyte);
        Receive(1024 * 1024);
        Assert.InRange(server.Service.Calls("raw").BytesAccepted, before + 1, StreamWindowBytes + (1024 * 1024) + TransportBufferBytes);

        void Receive(int bytes)
        {
            for (var received = 0; received < bytes;)
            {
                received += raw.ReceiveUntil(FrameType.Data)!.Payload.Length;
            }
        }
    }

    [Fact]
    public async Task Stream_carries_more_than_a_transport_made_for_browsers_lets_a_client_upload()
    {
        await using var server = await ConformanceServer.StartAsync();
        using var client = new WireClient(server.SocketPath);
        var mebibyte = Frames.Of(new Message { Payload = ByteString.CopyFrom(new byte[1024 * 1024]) });
        var answer = await client.CallAsync("Collect", [.. Enumerable.Repeat(mebibyte, 40).SelectMany(frame => frame)]);
        Assert.Equal(40, Summary.Parser.ParseFrom(answer.Body.AsSpan(5)).Messages);
    }

    [Fact]
    public async Task Connection_without_calls_stays_open()
    {
        await using var server = await ConformanceServer.StartAsync();
        using var raw = new RawConnection(server.SocketPath);
        raw.SendPreface();
        raw.SendRequestHeaders(1, "Echo");
        raw.Send(FrameType.Data, RawConnection.EndStream, 1, Frames.Of(new Message()));
        Assert.NotNull(raw.ReceiveUntil(FrameType.Data));
        // The transport looks for idle connections once a second; three of its rounds are let pass.
        await Task.Delay(TimeSpan.FromSeconds(3));
        raw.Send(FrameType.Ping, 0, 0, new byte[8]);
        Assert.Equal(FrameType.Ping, raw.ReceiveUntil(FrameType.Ping, FrameType.GoAway)!.Type);
    }

    [Fact]
    public void Transport_is_configured_for_sidecars_and_not_for_browsers()
    {
        var options = new KestrelServerOptions();
        GrpcEndpoints.Configure(options);
        Assert.True(options.Limits.KeepAliveTimeout > TimeSpan.FromDays(365));
        Assert.True(options.Limits.Http2.MaxStreamsPerConnection >= 10_000);
        Assert.Null(options.Limits.MaxRequestBodySize);
        Assert.Null(options.Limits.MinRequestBodyDataRate);
        Assert.Null(options.Limits.MinResponseDataRate);
        Assert.True(options.Limits.Http2.InitialConnectionWindowSize > options.Limits.Http2.InitialStreamWindowSize);
    }
}
