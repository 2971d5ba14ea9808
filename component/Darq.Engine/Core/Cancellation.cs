namespace Darq.Engine.Core;

/// <summary>
/// Cancels on the caller's own thread. CancelAsync would run the callbacks on the thread pool, where the simulator cannot decide
/// their order. Every callback registered on these sources only completes a task.
/// </summary>
internal static class Cancellation
{
    public static void CancelHere(this CancellationTokenSource source) => source.Cancel();
}
