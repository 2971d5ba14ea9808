namespace Darq.Benchmarks.Measuring;

/// <summary>What one side did in one stretch of time.</summary>
internal sealed record Round(long Operations, double Seconds, Histogram Latency)
{
    /// <summary>How long whole chains took, where an operation is a hop of one.</summary>
    public Histogram? Chains { get; init; }

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

    /// <summary>Commands that Redis executed, from connections and from inside functions.</summary>
    public long Commands { get; init; }

    /// <summary>Time that Redis spent in functions.</summary>
    public double FunctionSeconds { get; init; }

    public double ComponentSeconds { get; init; }

    /// <summary>Of the process that the reference has where we have a component; 0 where it has none.</summary>
    public double ReferenceSeconds { get; init; }

    public double ClientSeconds { get; init; }

    public long ComponentAllocatedBytes { get; init; }

    /// <summary>Methods that the component's runtime compiled, for the first time or anew with what it had learned.</summary>
    public long ComponentCompiledMethods { get; init; }

    public static Cost operator -(Cost after, Cost before) =>
        new()
        {
            RedisSeconds = after.RedisSeconds - before.RedisSeconds,
            FunctionCalls = after.FunctionCalls - before.FunctionCalls,
            Commands = after.Commands - before.Commands,
            FunctionSeconds = after.FunctionSeconds - before.FunctionSeconds,
            ComponentSeconds = after.ComponentSeconds - before.ComponentSeconds,
            ReferenceSeconds = after.ReferenceSeconds - before.ReferenceSeconds,
            ClientSeconds = after.ClientSeconds - before.ClientSeconds,
            ComponentAllocatedBytes = after.ComponentAllocatedBytes - before.ComponentAllocatedBytes,
            ComponentCompiledMethods = after.ComponentCompiledMethods - before.ComponentCompiledMethods,
        };
}
