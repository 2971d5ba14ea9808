using System.Globalization;

namespace Darq.Benchmarks.Processes;

/// <summary>What the kernel says about a process.</summary>
internal static class MeasuredProcess
{
    // The kernel's unit in /proc, the same on every Linux that .NET runs on.
    private const double TicksPerSecond = 100;

    /// <summary>Processor time, of user and system together.</summary>
    public static double Seconds(int processId)
    {
        var stat = File.ReadAllText($"/proc/{processId}/stat");
        // The name in brackets may hold anything, blanks included; what follows it starts with field 3.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (Number(fields[11]) + Number(fields[12])) / TicksPerSecond;
    }

    public static double PeakMegabytes(int processId)
    {
        var line = File.ReadLines($"/proc/{processId}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return Number(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2]) / 1024.0;
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
