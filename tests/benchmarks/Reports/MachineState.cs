using System.Globalization;
using System.Runtime.InteropServices;

namespace Darq.Benchmarks.Reports;

/// <summary>What a figure depends on besides the code.</summary>
internal sealed record MachineState
{
    public required string Cpu { get; init; }

    public required int Cores { get; init; }

    public required string Kernel { get; init; }

    public required string Dotnet { get; init; }

    public required string Redis { get; init; }

    /// <summary>How Redis was started.</summary>
    public required string RedisSettings { get; init; }

    /// <summary>The load average of one minute when the row was begun: far above its own load, the row says little.</summary>
    public required double LoadAverage { get; init; }

    public required bool Quick { get; init; }

    public static MachineState Read(string redis, bool quick) =>
        new()
        {
            Cpu = File.ReadLines("/proc/cpuinfo")
                .FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))
                ?.Split(": ", 2)[^1]
                ?? RuntimeInformation.ProcessArchitecture.ToString(),
            Cores = Environment.ProcessorCount,
            Kernel = File.ReadAllText("/proc/sys/kernel/osrelease").Trim(),
            Dotnet = RuntimeInformation.FrameworkDescription,
            Redis = redis,
            RedisSettings = "appendonly no, save \"\"",
            LoadAverage = double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture),
            Quick = quick,
        };
}
