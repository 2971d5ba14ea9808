namespace Darq.Engine.Subscriptions.Deliveries;

/// <summary>
/// Numbers the attempts of all subscriptions of a process: one that is closed and opened again must not give a number that a handler of
/// before still names.
/// </summary>
internal sealed class AttemptNumbers
{
    private long _last;

    /// <summary>No later attempt has this number or a lower one.</summary>
    public long Last => Volatile.Read(ref _last);

    public long Next() => Interlocked.Increment(ref _last);
}
