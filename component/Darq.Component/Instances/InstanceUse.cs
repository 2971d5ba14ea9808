namespace Darq.Component.Instances;

/// <summary>One call's hold on an instance: while it lasts the instance's engine lives, even if another Init replaces it.</summary>
internal readonly struct InstanceUse(Instance instance) : IAsyncDisposable
{
    public Instance Instance { get; } = instance;

    public InstanceEngine Engine => Instance.Engine;

    public ValueTask DisposeAsync() => Instance.LeaveAsync();
}
