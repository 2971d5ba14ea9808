using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.EndToEnd;

/// <summary>Each test has a Redis of its own, and one pod of an app that subscribes to orders.</summary>
public abstract class PodTests : IAsyncLifetime
{
    private protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private protected virtual RedisOptions RedisOptions => new();

    private protected RedisServer Redis { get; private set; } = null!;

    private protected TestApp App { get; private set; } = null!;

    private protected Pod Pod { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Redis = await RedisServer.StartAsync(RedisOptions);
        App = await TestApp.StartAsync("bank", "orders");
        Pod = await Pod.StartAsync(Redis, "shop", App);
    }

    public async ValueTask DisposeAsync()
    {
        await Pod.DisposeAsync();
        await App.DisposeAsync();
        await Redis.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
