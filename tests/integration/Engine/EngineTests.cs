using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Engine;

/// <summary>Tests with one engine on a server of their own; killed, that server has lost nothing that it had answered.</summary>
public abstract class EngineTests(bool valkey = false) : IAsyncLifetime
{
    private protected RedisServer Redis { get; private set; } = null!;

    private protected EngineRun Run { get; set; } = null!;

    public virtual async ValueTask InitializeAsync()
    {
        Redis = await RedisServer.StartAsync(
            new Darq.Tests.Shared.RedisOptions { Program = valkey ? RedisProgram.Valkey : RedisProgram.Redis, AppendFsync = "always" }
        );
        Run = await EngineRun.StartAsync(Redis.Port);
    }

    public async ValueTask DisposeAsync()
    {
        await Run.DisposeAsync();
        await Redis.DisposeAsync();
    }
}
