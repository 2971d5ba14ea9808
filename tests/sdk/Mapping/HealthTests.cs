using Darq.Tests.Sdk.Fixtures;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Xunit;

namespace Darq.Tests.Sdk.Mapping;

/// <summary>Readiness of an app with steps.</summary>
public sealed class HealthTests
{
    [Fact]
    public async Task An_app_is_ready_when_its_sidecar_has_its_components()
    {
        await using var app = await TestApp.StartAsync(app => app.MapDarqHealth("/ready"));

        Assert.Equal("Healthy", await app.Http.GetStringAsync("/ready", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task What_is_missing_is_named_with_its_option()
    {
        using var sdk = new TestServices();
        sdk.Sidecar.Components.Clear();
        sdk.Sidecar.Components.Add(("ledger", "pubsub.darq"));

        Assert.Equal(
            "The sidecar has no component bank (Darq:PubSub); accepted: one of type pubsub.darq. The component ledger (Darq:StateStore) is "
                + "of type pubsub.darq; accepted: state.darq.",
            (await CheckAsync(sdk)).Description
        );
    }

    [Fact]
    public async Task A_sidecar_that_does_not_answer_makes_it_unready()
    {
        await using var app = await TestApp.StartAsync(app => app.MapDarqHealth("/ready"));
        app.Sidecar.ComponentsFailure = FakeSidecar.Failure("no");

        using var answer = await app.Http.GetAsync(new Uri("/ready", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, answer.StatusCode);
    }

    private static Task<HealthCheckResult> CheckAsync(TestServices sdk)
    {
        var check = ActivatorUtilities.CreateInstance<Health.DarqHealthCheck>(sdk.Services);
        var registration = new HealthCheckRegistration("darq", check, HealthStatus.Unhealthy, tags: null);
        return check.CheckHealthAsync(new HealthCheckContext { Registration = registration }, TestContext.Current.CancellationToken);
    }
}
