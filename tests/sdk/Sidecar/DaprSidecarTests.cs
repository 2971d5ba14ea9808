using Dapr.Client;
using Darq.Sidecar;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Darq.Tests.Sdk.Sidecar;

/// <summary>Which client the calls go through.</summary>
public sealed class DaprSidecarTests
{
    [Fact]
    public async Task The_apps_own_client_is_used_and_left_to_the_app()
    {
        using var client = new DaprClientBuilder().UseGrpcEndpoint("http://127.0.0.1:1").Build();
        var services = new ServiceCollection()
            .AddSingleton(client)
            .AddDarqClient(options => (options.PubSub, options.StateStore) = ("bank", "ledger"))
            .BuildServiceProvider();
        Assert.NotNull(
            await Record.ExceptionAsync(() => services.GetRequiredService<ISidecar>().ReadAsync("a", TestContext.Current.CancellationToken))
        );

        await services.DisposeAsync();

        var failure = await Record.ExceptionAsync(() => client.GetMetadataAsync(TestContext.Current.CancellationToken));
        Assert.IsNotType<ObjectDisposedException>(failure);
    }

    [Fact]
    public async Task A_call_that_its_caller_cancelled_is_cancelled()
    {
        using var client = new DaprClientBuilder().UseGrpcEndpoint("http://127.0.0.1:1").Build();
        await using var services = new ServiceCollection()
            .AddSingleton(client)
            .AddDarqClient(options => (options.PubSub, options.StateStore, options.Binding) = ("bank", "ledger", "work"))
            .BuildServiceProvider();
        var sidecar = services.GetRequiredService<ISidecar>();
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        var metadata = new Dictionary<string, string>();
        Func<Task>[] calls =
        [
            () => sidecar.ReadAsync("a", cancelled.Token),
            () => sidecar.ReadAsync(["a", "b"], cancelled.Token),
            () => sidecar.TransactAsync([new("a", null, StateOperationType.Delete)], metadata, cancelled.Token),
            () => sidecar.InvokeBindingAsync("step", [], cancelled.Token),
            () => sidecar.PublishAsync("orders", default, metadata, cancelled.Token),
            () => sidecar.ComponentsAsync(cancelled.Token),
        ];

        foreach (var call in calls)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(call);
        }
    }
}
