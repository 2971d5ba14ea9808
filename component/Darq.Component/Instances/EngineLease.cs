namespace Darq.Component.Instances;

/// <summary>A share in an engine. Disposing returns it, once.</summary>
internal sealed class EngineLease(SharedEngine engine, Func<ValueTask> giveBack) : IAsyncDisposable
{
    private Func<ValueTask>? _giveBack = giveBack;

    public SharedEngine Engine { get; } = engine;

    public ValueTask DisposeAsync() => Interlocked.Exchange(ref _giveBack, null)?.Invoke() ?? ValueTask.CompletedTask;
}
