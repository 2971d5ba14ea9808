namespace Darq.Component.Instances;

/// <summary>One call's use of an instance: until it is disposed the instance's engine lives, even if another Init replaces it.</summary>
internal readonly struct InstanceUse(Instance instance) : IAsyncDisposable
{
    public Instance Instance { get; } = instance;

    public InstanceEngine Engine => Instance.Engine;

    public ValueTask DisposeAsync() => Instance.LeaveAsync();
}
