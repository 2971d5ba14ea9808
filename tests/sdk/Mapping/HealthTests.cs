using Darq.Tests.Sdk.Fixtures;
using Darq.Tests.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
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
        app.Sidecar.ComponentsFailure = FakeSidecar.Failure("Error connecting\nto subchannel.");

        using var answer = await app.Http.GetAsync(new Uri("/ready", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, answer.StatusCode);
    }

    [Fact]
    public async Task A_sidecar_that_is_still_starting_is_one_plain_line_in_the_log()
    {
        await using var app = await TestApp.StartAsync(app => app.MapDarqHealth("/ready"));
        app.Sidecar.ComponentsFailure = FakeSidecar.Failure("Error connecting\nto subchannel.");

        using var answer = await app.Http.GetAsync(new Uri("/ready", UriKind.Relative), TestContext.Current.CancellationToken);

        var line = Assert.Single(app.LogOf("Microsoft.Extensions.Diagnostics.HealthChecks.DefaultHealthCheckService"), IsEnd);
        Assert.Contains("The sidecar does not answer: Error connecting to subchannel.", line.Text, StringComparison.Ordinal);
        Assert.Null(line.Fault);

        static bool IsEnd(LogLine line) => line.Level >= LogLevel.Warning;
    }

    [Fact]
    public async Task A_sidecar_that_hangs_does_not_answer()
    {
        using var sdk = new TestServices();
        sdk.Sidecar.Hanging.Add("components");

        var result = await sdk.InTimeAsync(CheckAsync(sdk));

        Assert.Equal(
            "The sidecar does not answer: The question for its components got no answer from the sidecar within 10 seconds.",
            result.Description
        );
    }

    private static Task<HealthCheckResult> CheckAsync(TestServices sdk)
    {
        var check = ActivatorUtilities.CreateInstance<Health.DarqHealthCheck>(sdk.Services);
        var registration = new HealthCheckRegistration("darq", check, HealthStatus.Unhealthy, tags: null);
        return check.CheckHealthAsync(new HealthCheckContext { Registration = registration }, TestContext.Current.CancellationToken);
    }
}
