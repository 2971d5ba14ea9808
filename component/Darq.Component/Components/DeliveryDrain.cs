namespace Darq.Component.Components;

/// <summary>
/// Counts the unanswered deliveries and ends all streams. A stopping component first lets handlers finish: the sidecar beside it
/// usually stops at the same moment, and forwards their answers until then.
/// </summary>
internal sealed class DeliveryDrain(TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    private readonly CancellationTokenSource _ending = new();
    private int _unanswered;

    /// <summary>Fires when the streams have to end.</summary>
    public CancellationToken Ending => _ending.Token;

    public int Unanswered => Volatile.Read(ref _unanswered);

    public void Sent() => Interlocked.Increment(ref _unanswered);

    public void Answered(int count = 1) => Interlocked.Add(ref _unanswered, -count);

    /// <summary>Waits until nothing is unanswered, at most for the given time, and ends all streams.</summary>
    public async Task RunAsync(TimeSpan most, CancellationToken cancellation)
    {
        var begun = time.GetTimestamp();
        while (Unanswered > 0 && time.GetElapsedTime(begun) < most && !cancellation.IsCancellationRequested)
        {
            await Task.Delay(Look, time, CancellationToken.None);
        }

        await _ending.CancelAsync();
    }

    public void Dispose() => _ending.Dispose();
}
