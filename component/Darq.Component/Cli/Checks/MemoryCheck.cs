using System.Globalization;
using Darq.Component.Cli.Data;
using Darq.Component.Cli.Findings;

namespace Darq.Component.Cli.Checks;

/// <summary>Eviction, which would take messages away, and how near the server is to its limit.</summary>
internal static class MemoryCheck
{
    private const int NearPercent = 90;

    public static IEnumerable<Finding> Judge(ServerFacts facts)
    {
        if (facts.Server.EvictionPolicy is not ("" or "noeviction"))
        {
            yield return new(Severity.Error, "eviction", $"maxmemory-policy is '{facts.Server.EvictionPolicy}'.")
            {
                Means = "An evicted key is a lost message; the component refuses the server.",
                Do = "CONFIG SET maxmemory-policy noeviction, and the same in redis.conf",
            };
        }

        var (used, limit) = (facts.Number("used_memory"), facts.Number("maxmemory"));
        if (limit == 0)
        {
            yield return new(Severity.Note, "memory", $"maxmemory is not set; {Megabytes(used)} are used.")
            {
                Means = "Redis grows until the system ends it. With a limit it refuses new messages, and acks still go on.",
                Do = "CONFIG SET maxmemory to what the host can spare, and the same in redis.conf",
            };
        }
        else if (used >= limit)
        {
            yield return new(Severity.Error, "memory", $"The memory is full: {Megabytes(used)} of {Megabytes(limit)} are used.")
            {
                Means = "Publishing and steps are refused until acks or deletes have made room.",
                Do = "CONFIG SET maxmemory to more; docs/metrics.md names the metrics that show which topic is long",
            };
        }
        else if (used >= limit / 100 * NearPercent)
        {
            yield return new(Severity.Warning, "memory", $"{Megabytes(used)} of {Megabytes(limit)} are used.")
            {
                Means = "At the limit publishing and steps are refused.",
                Do = "CONFIG SET maxmemory to more, or lower maxBacklog",
            };
        }
    }

    private static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1_000_000.0:0.#} MB");
}
