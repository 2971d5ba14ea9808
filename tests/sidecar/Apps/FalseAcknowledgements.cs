using Darq.Sidecar.Startup;

namespace Darq.Sidecar.Apps;

/// <summary>
/// Plays a fault of daprd's HTTP pipeline by seed: of calls to the app that overlap, one that fails in transport may count as answered
/// with 200 and an empty body, so that its message is acknowledged although no app took it. A real one does so a few times in ten
/// thousand such calls; this one at the first and then at every second, and says so on a line of its own each time.
/// </summary>
internal sealed class FalseAcknowledgements(int seed)
{
    private readonly Lock _lock = new();
    private readonly Random _random = new(seed);
    private int _underWay;
    private int _count;

    public async Task<HttpAnswer> PlayAsync(Func<Task<HttpAnswer>> call)
    {
        var overlaps = Interlocked.Increment(ref _underWay) > 1;
        HttpAnswer answer;
        try
        {
            answer = await call();
        }
        finally
        {
            overlaps |= Interlocked.Decrement(ref _underWay) > 0;
        }

        if (answer.Failure is null || !overlaps || !Decide(out var number))
        {
            return answer;
        }

        SidecarLog.Warn($"false acknowledgement {number}: {answer.Failure}");
        return new(200, []);
    }

    private bool Decide(out int number)
    {
        lock (_lock)
        {
            var plays = _count == 0 || _random.Next(2) == 0;
            number = _count += plays ? 1 : 0;
            return plays;
        }
    }
}
