using System.Net;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.EndToEnd;

/// <summary>What the admin endpoint of a user's pod shows while its app fails and its processes die.</summary>
[Trait("Lane", "Slow")]
public sealed class AdminTests : PodTests
{
    [Fact]
    public async Task Failed_deliveries_and_steps_are_counted()
    {
        using var admin = await AdminClient.OfAsync(Pod.Component);
        var attempts = 0;
        App.Handler = async (_, token) =>
        {
            if (Interlocked.Increment(ref attempts) <= 2)
            {
                return 500;
            }

            return (await Pod.StepAsync(token, "count", 1)).IsSuccessStatusCode ? 200 : 500;
        };

        await Pod.PublishAsync("orders", "o1", 1);

        string[] subscription = ["group=shop", "topic=orders"];
        await admin.MetricAsync(value => value == 1, Patience, "darq_messages_consumed_total", subscription);
        var metrics = await admin.MetricsAsync();
        Assert.Equal(2, metrics.Value("darq_deliveries_failed_total", [.. subscription, "reason=handler_failed"]));
        Assert.Equal(1, metrics.Value("darq_steps_ended_total", "reason=ok"));
        Assert.Equal(0, metrics.Value("darq_messages_acked_total", subscription));
    }

    [Fact]
    public async Task After_a_restart_of_the_component_alone_readiness_names_each_lost_stream_until_the_sidecar_restarts()
    {
        using (var before = await AdminClient.OfAsync(Pod.Component))
        {
            await before.MetricAsync(value => value == 1, Patience, "darq_streams_open", "topic=orders");
            await before.MetricAsync(value => value == 1, Patience, "darq_streams_open", "topic=work");
        }

        await Pod.Component.RestartAsync();

        using var admin = await AdminClient.OfAsync(Pod.Component);
        var reasons = await admin.ReadinessAsync(HttpStatusCode.ServiceUnavailable, Patience);
        Assert.Collection(
            reasons,
            reason =>
                Assert.StartsWith("pubsub.darq 'bank', topic 'orders': its sidecar had a stream open", reason, StringComparison.Ordinal),
            reason =>
                Assert.StartsWith("bindings.darq 'work', topic 'work': its sidecar had a stream open", reason, StringComparison.Ordinal)
        );
        Assert.Equal(HttpStatusCode.OK, (await admin.HealthAsync()).Status);
        await Pod.Sidecar.RestartAsync();
        await admin.ReadinessAsync(HttpStatusCode.OK, Patience);
        await admin.MetricAsync(value => value == 1, Patience, "darq_streams_open", "topic=orders");
    }
}
