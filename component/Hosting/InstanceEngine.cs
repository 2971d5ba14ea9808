using Darq.Lanes;
using Darq.Partitions;
using Darq.Publishing;
using Darq.State;
using Darq.Steps;

namespace Darq.Hosting;

/// <summary>What one instance works with: its share in an engine, and publisher, state and steps with its own options.</summary>
internal sealed class InstanceEngine(EngineLease lease, NamespaceOptions options, TimeProvider time, Random random, ILogger log)
    : IAsyncDisposable
{
    public Primary Primary => lease.Engine.Primary;

    public Subscriptions Subscriptions => lease.Engine.Subscriptions;

    public Publisher Publisher { get; } = new(lease.Engine.Primary, options);

    public StateStore State { get; } = new(lease.Engine.Primary, options);

    public Stepper Stepper { get; } = new(lease.Engine.Primary, lease.Engine.Subscriptions, options, time, random, log);

    public ValueTask DisposeAsync() => lease.DisposeAsync();
}
