using Darq.Engine.Core;
using Darq.Tests.Simulation.Fixtures;

namespace Darq.Tests.Simulation.Durability;

/// <summary>A Redis whose replica follows when the test says so, and processes that wait for it.</summary>
public abstract class UnconfirmedWorld : IDisposable
{
    protected UnconfirmedWorld() => Follow(false);

    private protected World World { get; } = new();

    public void Dispose()
    {
        World.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected SimulatedEngine Start(AckLevel ack = AckLevel.Durable) =>
        World.Start(World.OnePartition with { Durability = new(DurabilityKind.Replicated, 1), Ack = ack });

    /// <summary>What is applied while the replica does not follow becomes durable once it does.</summary>
    private protected void Follow(bool follows) => World.Replicate(follows);
}
