namespace Darq.State;

/// <summary>One read that waits for its values.</summary>
internal sealed class StateGet(IReadOnlyList<StateKey> keys)
{
    private readonly TaskCompletionSource<IReadOnlyList<StateValue>> _values = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenRegistration _givingUp;

    public IReadOnlyList<StateKey> Keys { get; } = keys;

    /// <summary>Cancelling gives up waiting for them; they are read all the same.</summary>
    public Task<IReadOnlyList<StateValue>> ValuesAsync(CancellationToken cancellation)
    {
        _givingUp = cancellation.UnsafeRegister(static (get, token) => ((StateGet)get!)._values.TrySetCanceled(token), this);
        // They may have come before there was anything to unregister.
        if (_values.Task.IsCompleted) _givingUp.Unregister();
        return _values.Task;
    }

    public void Complete(IReadOnlyList<StateValue> values)
    {
        _givingUp.Unregister();
        _values.TrySetResult(values);
    }

    public void Fail(Exception why)
    {
        _givingUp.Unregister();
        _values.TrySetException(why);
    }
}
