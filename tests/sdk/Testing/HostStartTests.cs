using System.Net;
using Dapr.Client;
using Darq.Testing;
using Darq.Tests.Sdk.App;
using Darq.Tests.Sdk.Fixtures;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Darq.Tests.Sdk.Testing;

/// <summary>How the test host starts an app, and what the app finds there.</summary>
public sealed class HostStartTests
{
    [Fact]
    public async Task Start_that_waits_for_virtual_time_ends_with_what_it_waits_for()
    {
        var starting = DarqTestHost.StartAsync<Program>(options =>
        {
            options.HandlerTimeout = TimeSpan.FromSeconds(2);
            options.ConfigureServices(services => services.AddHostedService<Sleeper>());
        });

        var thrown = await Assert.ThrowsAsync<DarqTestException>(() => starting.WaitAsync(TimeSpan.FromSeconds(60)));

        Assert.StartsWith("The app has not started within 2 s of real time (HandlerTimeout)", thrown.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(Sleeper), thrown.Message, StringComparison.Ordinal);
        Assert.Contains("2026-01-01 01:00:0", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_that_never_ends_can_be_cancelled()
    {
        using var cancelling = new CancellationTokenSource(TimeSpan.FromSeconds(1));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            DarqTestHost.StartAsync<Program>(
                options => options.ConfigureServices(services => services.AddHostedService<Sleeper>()),
                cancelling.Token
            )
        );
    }

    [Fact]
    public async Task Health_check_of_the_SDK_finds_its_components()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>(options => options.Setting("Darq:Binding", "work"));

        using var ready = await darq.CreateClient().GetAsync(new Uri("/ready", UriKind.Relative));
        var metadata = await darq.Services.GetRequiredService<DaprClient>().GetMetadataAsync();

        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        Assert.Equal(
            [("pubsub", "pubsub.darq"), ("store", "state.darq"), ("work", "bindings.darq")],
            metadata.Components.Select(component => (component.Name, component.Type))
        );
    }

    [Fact]
    public async Task Engine_logs_where_the_app_does()
    {
        using var log = new RecordedLogs();
        await using var darq = await DarqTestHost.StartAsync<Program>(options =>
        {
            options.Setting("Logging:LogLevel:Default", "Warning");
            options.ConfigureServices(services => services.AddSingleton<ILoggerProvider>(log));
        });
        await darq.Publish("poison", new Order("1", "tea", 2));

        await darq.UntilIdle();

        Assert.Contains(log.Of("Darq.Engine.Subscriptions"), line => line.Name == "MessageIsGivenUp");
    }

    private sealed class Sleeper(TimeProvider time) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.Delay(TimeSpan.FromHours(1), time, cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
