using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Durability;
using Darq.Engine.Publishing;
using Darq.Engine.State;
using Darq.Engine.Steps;
using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Acks;

namespace Darq.Component.Instances;

/// <summary>One instance's share in an engine, and publisher, state and steps with its own options.</summary>
internal sealed class InstanceEngine(EngineLease lease, NamespaceOptions options, TimeProvider time, Random random, ILogger log)
    : IAsyncDisposable
{
    public Primary Primary => lease.Engine.Primary;

    public SubscriptionTable Subscriptions => lease.Engine.Subscriptions;

    public Publisher Publisher { get; } = new(lease.Engine.Primary, options);

    public StateStore State { get; } = new(lease.Engine.Primary, options);

    public StepExecutor StepExecutor { get; } =
        new(lease.Engine.Primary, lease.Engine.Subscriptions, options, time, random, log, lease.Engine.PlaceOfOther);

    public DurabilityBarrier Barrier { get; } = new(lease.Engine.Primary, options);

    public SidecarDeadLetters DeadLetters { get; } = new(lease.Engine.Primary, lease.Engine.Subscriptions, time);

    public ValueTask DisposeAsync() => lease.DisposeAsync();
}
