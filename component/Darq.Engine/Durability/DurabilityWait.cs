namespace Darq.Engine.Durability;

/// <summary>
/// Somebody who waits for a round. Each has a source of its own, so that its continuation goes straight to its own scheduler, where the
/// simulator decides the order.
/// </summary>
internal sealed class DurabilityWait(long round)
{
    public long Round { get; } = round;

    public TaskCompletionSource<WaitEnd> Source { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public LinkedListNode<DurabilityWait> Node { get; set; } = null!;

    /// <summary>Not to be called under a lock.</summary>
    public static void End(DurabilityWait[] waits, WaitEnd end)
    {
        foreach (var wait in waits)
        {
            wait.Source.TrySetResult(end);
        }
    }
}

/// <summary>How a wait for durability ended.</summary>
internal enum WaitEnd
{
    /// <summary>A round that began later was confirmed.</summary>
    Confirmed,

    /// <summary>The level in force asks for no rounds.</summary>
    NotNeeded,

    /// <summary>A recovery came in between.</summary>
    Recovered,
}
