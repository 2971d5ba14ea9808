using System.Numerics;

namespace Darq.Benchmarks.Measuring;

/// <summary>
/// Counts of durations in buckets of at most 1.6 percent width, so that recording costs a few nanoseconds and no memory.
/// Not safe for several threads: each has its own, and they are added up.
/// </summary>
internal sealed class Histogram
{
    private const int Precision = 6;
    private const int PerOctave = 1 << Precision;

    private readonly long[] _counts = new long[(64 - Precision) * PerOctave];

    public long Count { get; private set; }

    public void Record(long nanoseconds)
    {
        _counts[BucketOf(Math.Max(0, nanoseconds))]++;
        Count++;
    }

    public void Add(Histogram other)
    {
        for (var i = 0; i < _counts.Length; i++)
        {
            _counts[i] += other._counts[i];
        }

        Count += other.Count;
    }

    /// <summary>The duration that this share of all does not exceed, in microseconds; 0 where nothing was recorded.</summary>
    public double Percentile(double share)
    {
        var wanted = Math.Max(1, (long)Math.Ceiling(share * Count));
        long seen = 0;
        for (var bucket = 0; bucket < _counts.Length; bucket++)
        {
            seen += _counts[bucket];
            if (seen >= wanted)
            {
                return MiddleOf(bucket) / 1000.0;
            }
        }

        return 0;
    }

    private static int BucketOf(long value)
    {
        if (value < 2 * PerOctave)
        {
            return (int)value;
        }

        var shift = BitOperations.Log2((ulong)value) - Precision;
        return shift * PerOctave + (int)(value >> shift);
    }

    private static double MiddleOf(int bucket)
    {
        if (bucket < 2 * PerOctave)
        {
            return bucket;
        }

        var shift = bucket / PerOctave - 1;
        var low = (long)(bucket - shift * PerOctave) << shift;
        return low + ((1L << shift) - 1) / 2.0;
    }
}
