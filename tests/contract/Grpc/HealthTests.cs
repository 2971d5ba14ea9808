using Darq.Tests.Contract.Grpc.Server;
using Darq.Tests.Shared.GrpcClient;
using Grpc.Health.V1;
using Xunit;
using static Grpc.Health.V1.HealthCheckResponse.Types;

namespace Darq.Tests.Contract.Grpc;

/// <summary>Health as it is told while the component stops.</summary>
public sealed class HealthTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Watcher_learns_of_the_stop_and_does_not_delay_it()
    {
        await using var server = await ConformanceServer.StartAsync();
        using var channel = new SocketChannel(server.SocketPath);
        using var watch = channel.Open("grpc.health.v1.Health/Watch");
        await watch.WriteAsync(new HealthCheckRequest());
        await watch.CompleteAsync();
        Assert.Equal(ServingStatus.Serving, await NextAsync(watch));

        server.Health.Stop();
        Assert.Equal(ServingStatus.NotServing, await NextAsync(watch));
        server.Health.Set("", serving: true);

        await server.Drain.RunAsync(TimeSpan.Zero, CancellationToken.None);
        Assert.Null(await NextAsync(watch));
        Assert.Equal(GrpcCode.Unavailable, watch.Status!.Code);
    }

    private static async Task<ServingStatus?> NextAsync(GrpcDuplexCall watch) =>
        (await watch.ReadAsync(HealthCheckResponse.Parser).AsTask().WaitAsync(Patience))?.Status;
}
