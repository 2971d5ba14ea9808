using Darq.Component.Cli.Data;
using Darq.Component.Cli.Findings;
using Darq.Component.Cli.Repairs;
using Darq.Component.Configuration;
using Darq.Engine.Core;

namespace Darq.Component.Cli.Checks;

/// <summary>Partitions that take no more writes, since a request failed in the middle of its own.</summary>
internal static class BrokenCheck
{
    /// <param name="header">The header, with its field <c>broken</c>.</param>
    /// <param name="isElseSound">Whether nothing else is damaged in the partition, so that it may take writes again.</param>
    /// <param name="forgotten">Ids that the request noted for messages it did not append.</param>
    public static Finding Judge(HeaderFacts header, bool isElseSound, IReadOnlyList<(string Bucket, string Name)> forgotten) =>
        new(Severity.Error, "broken", $"The partition is marked as broken: {SettingValues.Show(header["broken"] ?? "")}.")
        {
            Key = header.Key,
            Field = "broken",
            Partition = header.Partition,
            Means =
                "A request failed in the middle, and the partition has taken no writes since. If it was a step, its message may count as "
                + $"consumed without all of its effects: look for BROKEN in the components' logs, and at what has position "
                + $"{header["wl"]}-{header["lsn"]}.",
            Do = isElseSound ? "darq repair" : "darq repair, which first mends what else is damaged in the partition",
            Repair = isElseSound ? HeaderRepair.OfBroken(header, forgotten) : null,
        };

    /// <summary>
    /// The message for which the last request of a partition noted a value in a bucket; null for a value that an earlier one noted.
    /// </summary>
    /// <param name="value">Either <c>stream id/LSN</c>, or a reply that begins with <c>stream id position</c>.</param>
    /// <param name="header">The partition's.</param>
    public static Position? LastNoted(string value, HeaderFacts header)
    {
        var words = value.Split(' ');
        var first = words[0].Split('/');
        var isLast = first.Length == 2 ? first[1] == header["lsn"] : words.Length > 1 && words[1] == $"{header["wl"]}-{header["lsn"]}";
        return isLast && Position.TryParse(first[0], out var streamId) && streamId.WorldLine == header.WorldLine ? streamId : null;
    }
}
