namespace Darq.Benchmarks.Measuring;

/// <summary>What one side did in one stretch of time.</summary>
internal sealed record Round(long Operations, double Seconds, Histogram Latency)
{
    /// <summary>What it cost the processes, as far as it was looked at.</summary>
    public Cost Cost { get; init; } = new();

    public double PerSecond => Operations / Seconds;
}

/// <summary>Ours and the reference, one right after the other.</summary>
internal sealed record Pair(Round Ours, Round Reference);

/// <summary>What processes used in one stretch of time; a difference of two readings.</summary>
internal sealed record Cost
{
    public double RedisSeconds { get; init; }

    /// <summary>Calls of functions of the library.</summary>
    public long FunctionCalls { get; init; }

    /// <summary>Time that Redis spent in them.</summary>
    public double FunctionSeconds { get; init; }

    public double ComponentSeconds { get; init; }

    public double ClientSeconds { get; init; }

    public long ComponentAllocatedBytes { get; init; }

    public static Cost operator -(Cost after, Cost before) => new()
    {
        RedisSeconds = after.RedisSeconds - before.RedisSeconds,
        FunctionCalls = after.FunctionCalls - before.FunctionCalls,
        FunctionSeconds = after.FunctionSeconds - before.FunctionSeconds,
        ComponentSeconds = after.ComponentSeconds - before.ComponentSeconds,
        ClientSeconds = after.ClientSeconds - before.ClientSeconds,
        ComponentAllocatedBytes = after.ComponentAllocatedBytes - before.ComponentAllocatedBytes,
    };
}
