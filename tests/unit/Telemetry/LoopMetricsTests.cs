using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Darq.Engine.Telemetry;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Unit.Telemetry;

public sealed class LoopMetricsTests : IDisposable
{
    // Loops of other tests, which run at the same time, have other names.
    private const string Name = "loop of LoopMetricsTests";

    private readonly TimerProbe _time = new();
    private readonly ConcurrentQueue<(string Instrument, double Value)> _exported = new();
    private readonly MeterListener _listener = new();

    public LoopMetricsTests()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == "Darq")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Keep(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Keep(instrument, value, tags));
        _listener.Start();
    }

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task Failures_of_a_loop_are_exported_under_itsName()
    {
        await using var loop = Loop(_ => throw new InvalidOperationException("a fault of ours"));
        loop.Start();
        await _time.PassNextTimerAsync();
        await _time.NextTimerAsync();

        Assert.Equal([("darq.loop.failures", 1), ("darq.loop.failures", 1)], _exported);
    }

    [Fact]
    public async Task Of_loops_with_oneName_the_oldest_age_is_exported_until_they_end()
    {
        await using var waiting = Loop(_ => Task.FromResult(TimeSpan.FromHours(1)));
        var hanging = Loop(Hang);
        waiting.Start();
        await _time.NextTimerAsync();
        hanging.Start();
        _time.Advance(TimeSpan.FromSeconds(90));

        Assert.Equal([("darq.loop.age", 90)], Observe());
        await hanging.DisposeAsync();
        Assert.Equal([("darq.loop.age", 0)], Observe());
        await waiting.DisposeAsync();
        Assert.Empty(Observe());

        static async Task<TimeSpan> Hang(CancellationToken cancellation)
        {
            await Task.Delay(Timeout.Infinite, cancellation);
            return TimeSpan.Zero;
        }
    }

    private SupervisedLoop Loop(Func<CancellationToken, Task<TimeSpan>> round) => new(Name, round, _time, new RecordedLog());

    private (string, double)[] Observe()
    {
        _exported.Clear();
        _listener.RecordObservableInstruments();
        return [.. _exported];
    }

    private void Keep(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.Length == 1 && tags[0].Key == "loop" && (string?)tags[0].Value == Name)
        {
            _exported.Enqueue((instrument.Name, value));
        }
    }
}
