using System.Diagnostics;
using Darq.Benchmarks.Measuring;

namespace Darq.Benchmarks.Client;

/// <summary>
/// Publishes at a steady pace, whatever the component does. A message may be sent up to a millisecond late, which is how exactly a
/// process can wait; the next one is due as if it had been in time.
/// </summary>
internal sealed class PacedLoad(LoadConnection connection, string instance, string topic, int bytes)
    : PublishingLoad(connection, instance, topic, bytes)
{
    private static readonly long Millisecond = Stopwatch.Frequency / 1000;

    private long _start;
    private long _first;
    private double _interval;

    public Round Run(TimeSpan duration, int perSecond)
    {
        (_start, _first) = (Stopwatch.GetTimestamp(), Published);
        _interval = (double)Stopwatch.Frequency / perSecond;
        return Run((long)(duration.TotalSeconds * perSecond));
    }

    protected override int Prepare()
    {
        while (Published < Wanted)
        {
            var early = _start + (long)((Published - _first) * _interval) - Stopwatch.GetTimestamp();
            if (early > 0)
            {
                return (int)Math.Min(early / Millisecond + 1, LoadConnection.MaxWaitMilliseconds);
            }

            Publish();
        }

        return base.Prepare();
    }
}
