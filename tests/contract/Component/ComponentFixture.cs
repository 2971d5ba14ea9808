using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Contract;

/// <summary>One Redis and one component for all tests that need no other; each test takes an instance name and topics of its own.</summary>
public sealed class ComponentFixture : IAsyncLifetime
{
    private int _names;

    internal RedisServer Redis { get; private set; } = null!;

    internal ComponentProcess Component { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Redis = await RedisServer.StartAsync();
        Component = await ComponentProcess.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Component.DisposeAsync();
        await Redis.DisposeAsync();
    }

    /// <summary>A name that no other test uses, for an instance, a topic or a key.</summary>
    internal string Name(string kind) => $"{kind}{Interlocked.Increment(ref _names)}";

    internal ComponentClient Client(string? instance = null) => new(Component.Socket, instance ?? Name("instance"));
}

[CollectionDefinition(Name)]
public sealed class SharedComponent : ICollectionFixture<ComponentFixture>
{
    public const string Name = "component";
}
