using System.Globalization;

namespace Darq.Engine.Redis;

/// <summary>Reads the replicas of INFO replication, such as <c>slave0:ip=10.0.0.7,port=6379,state=online,offset=14,lag=0</c>.</summary>
internal static class ReplicaFields
{
    /// <summary>A replica reports once a second; one that was not heard of for longer does not count.</summary>
    private const int MaxLagSeconds = 2;

    /// <summary>Bytes that a replica may lack; one that lacks more has just come and works off what it missed.</summary>
    private const long MaxBehind = 1 << 20;

    public static IReadOnlyList<ReplicaFacts> Of(IReadOnlyDictionary<string, string> replication) =>
        [
            .. replication
                .Where(field =>
                    field.Key.StartsWith("slave", StringComparison.Ordinal) && field.Value.Contains("ip=", StringComparison.Ordinal)
                )
                .OrderBy(field => field.Key, StringComparer.Ordinal)
                .Select(field => Of(field.Value, Number(replication.GetValueOrDefault("master_repl_offset", "")))),
        ];

    /// <summary>What a replica's field says, by name; nothing for "".</summary>
    public static Dictionary<string, string> Parts(string line) =>
        line.Split(',').Select(part => part.Split('=', 2)).Where(part => part.Length == 2).ToDictionary(part => part[0], part => part[1]);

    private static ReplicaFacts Of(string line, long written)
    {
        var parts = Parts(line);
        string Part(string name) => parts.GetValueOrDefault(name, "");
        var isClose = Number(Part("lag")) is >= 0 and <= MaxLagSeconds && written - Number(Part("offset")) <= MaxBehind;
        return new($"{Part("ip")}:{Part("port")}", Part("state") == "online" && isClose);
    }

    /// <summary>-1 for what is none.</summary>
    private static long Number(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;
}
