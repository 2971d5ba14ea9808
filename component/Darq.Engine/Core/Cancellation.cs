namespace Darq.Engine.Core;

/// <summary>
/// Cancels on the caller's own thread. CancelAsync would take whoever waits through the thread pool, where the simulator
/// cannot decide the order; and nothing that is registered here does more than to complete a task.
/// </summary>
internal static class Cancellation
{
    public static void CancelHere(this CancellationTokenSource source) => source.Cancel();
}
