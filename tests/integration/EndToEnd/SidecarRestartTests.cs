using System.Net;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.EndToEnd;

/// <summary>A component that was restarted alone gets its streams back where it may restart the sidecar.</summary>
[Trait("Lane", "Slow")]
public sealed class SidecarRestartTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    [Fact]
    public async Task Sidecar_whose_streams_were_lost_is_asked_to_shut_down_and_delivers_when_it_was_started_again()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var component = await ComponentProcess.StartWithAdminAsync();
        await using var app = await TestApp.StartAsync("bank", "orders");
        await using var pod = await Pod.JoinAsync(
            component,
            redis,
            "shop",
            app,
            ("restartSidecar", $"http://127.0.0.1:{SidecarOptions.HttpPort}")
        );
        await OpenAsync(component);

        await component.RestartAsync();
        await pod.Sidecar.Process.WaitForExitAsync(Patience);

        await component.Process.WaitForLineAsync(
            $"it was asked to shut down at http://127.0.0.1:{pod.Sidecar.HttpPort}/v1.0/shutdown",
            Patience
        );
        // As an orchestrator would.
        await pod.Sidecar.RestartAsync();
        await OpenAsync(component);
        await pod.PublishAsync("orders", "1", 1);
        await Eventually.TrueAsync(() => app.Handled.Contains("1"), Patience, "the message is delivered");
        using var admin = await AdminClient.OfAsync(component);
        await admin.ReadinessAsync(HttpStatusCode.OK, Patience);
    }

    [Fact]
    public async Task Sidecar_that_cannot_be_asked_is_named_with_the_reason()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var component = await ComponentProcess.StartWithAdminAsync();
        await using var app = await TestApp.StartAsync("bank", "orders");
        var nowhere = $"http://127.0.0.1:{FreePort.Next()}";
        await using var pod = await Pod.JoinAsync(component, redis, "shop", app, ("restartSidecar", nowhere));
        await OpenAsync(component);

        await component.RestartAsync();

        await component.Process.WaitForLineAsync(
            $"could not be asked at {nowhere}/v1.0/shutdown to shut down \\(.*refused.*\\); it is asked again",
            Patience
        );
        Assert.False(pod.Sidecar.Process.HasExited);
    }

    private static async Task OpenAsync(ComponentProcess component)
    {
        using var admin = await AdminClient.OfAsync(component);
        await admin.MetricAsync(value => value == 1, Patience, "darq_streams_open", "topic=orders");
    }
}
