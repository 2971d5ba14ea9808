using Darq.Component.Host;
using Darq.Tests.Contract.Grpc.Messages;
using Darq.Tests.Contract.Grpc.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Xunit;

namespace Darq.Tests.Contract.Grpc;

/// <summary>The limits of the transport, which are made for sidecars.</summary>
public sealed class TransportTests
{
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
