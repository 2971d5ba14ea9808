using Darq.Engine.Telemetry;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Unit.Telemetry;

public sealed class LoopMetricsTests : IDisposable
{
    private const string Namespace = "loop-metrics";

    private readonly TimerProbe _time = new();
    private readonly ObservedMetrics _metrics = new(Namespace);

    public void Dispose() => _metrics.Dispose();

    [Fact]
    public async Task Failures_of_a_loop_are_exported_under_its_kind_and_subject()
    {
        await using var loop = Loop("failing", _ => throw new InvalidOperationException("a fault of ours"));
        loop.Start();
        await _time.PassNextTimerAsync();
        await _time.NextTimerAsync();

        Assert.Equal(2, _metrics.Value("darq.loop.failures", "loop=failing", "group=g", "topic=t"));
    }

    [Fact]
    public async Task Of_loops_with_one_name_the_oldest_age_is_exported_until_they_end()
    {
        await using var waiting = Loop("aging", _ => Task.FromResult(TimeSpan.FromHours(1)));
        var hanging = Loop("aging", Hang);
        waiting.Start();
        await _time.NextTimerAsync();
        hanging.Start();
        _time.Advance(TimeSpan.FromSeconds(90));

        Assert.Equal(90, Age());
        await hanging.DisposeAsync();
        Assert.Equal(0, Age());
        await waiting.DisposeAsync();
        Assert.Null(Age());

        double? Age() => _metrics.Value("darq.loop.age", "loop=aging");

        static async Task<TimeSpan> Hang(CancellationToken cancellation)
        {
            await Task.Delay(Timeout.Infinite, cancellation);
            return TimeSpan.Zero;
        }
    }

    private SupervisedLoop Loop(string kind, Func<CancellationToken, Task<TimeSpan>> round) =>
        new($"{kind} g:t", round, _time, new RecordedLog()) { Kind = kind, Subject = new(Namespace, "g", "t") };
}
