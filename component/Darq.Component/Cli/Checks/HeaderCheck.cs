using Darq.Component.Cli.Data;
using Darq.Component.Cli.Findings;
using Darq.Component.Cli.Repairs;
using Darq.Component.Configuration;
using Darq.Engine.Connection;

namespace Darq.Component.Cli.Checks;

/// <summary>The fixed fields of a partition header, without which no request works in the partition.</summary>
internal static class HeaderCheck
{
    /// <param name="header">What was found.</param>
    /// <param name="identity">The namespace's.</param>
    /// <param name="worldLine">The highest of all partitions.</param>
    /// <param name="nowMs">The server's clock; above any LSN that was counted up.</param>
    public static IEnumerable<Finding> Judge(HeaderFacts header, string identity, long worldLine, long nowMs)
    {
        if (!header.IsReadable || !(header.Exists || header.HasKeys))
        {
            yield break;
        }

        foreach (var (field, wanted, what) in Damaged(header, identity, worldLine, nowMs))
        {
            var seen = header[field] is { } text ? $" ({SettingValues.Show(text)})" : "";
            yield return new(Severity.Error, "header", $"The field {field} of a partition header is {what}{seen}.")
            {
                Key = header.Key,
                Field = field,
                Partition = header.Partition,
                Means =
                    field == "f"
                        ? "A component that connects is refused where the format is another."
                        : "Requests that touch this partition are refused; the other partitions go on.",
                Do = "darq repair",
                Repair = HeaderRepair.Of(header, field, wanted),
            };
        }

        foreach (var field in header.Unknown)
        {
            yield return new(Severity.Warning, "header", "A partition header has a field that no component of this version wrote.")
            {
                Key = header.Key,
                Field = field,
                Means = "Nobody reads it.",
                Do = "Find who wrote it; HDEL it if nobody needs it",
            };
        }

        if (header["id"] is { Length: > 0 } id && identity.Length > 0 && id != identity)
        {
            yield return new(Severity.Error, "header", "A partition header belongs to another namespace of this name.")
            {
                Key = header.Key,
                Field = "id",
                Partition = header.Partition,
                Means = "Data of two namespaces are mixed, as after a partial restore; a component that connects is refused.",
                Do = "Restore a whole backup, or start a new namespace",
            };
        }
    }

    private static IEnumerable<(string Field, string Wanted, string What)> Damaged(
        HeaderFacts header,
        string identity,
        long worldLine,
        long nowMs
    )
    {
        if (!IsNumber(header["lsn"]))
        {
            yield return ("lsn", StoredNumbers.Text(nowMs), "missing or no number");
        }

        if (!IsNumber(header["wl"]) && worldLine > 0)
        {
            yield return ("wl", StoredNumbers.Text(worldLine), "missing or no number");
        }

        if (header["dl"] is { } deleted && !IsNumber(deleted))
        {
            yield return ("dl", IsNumber(header["lsn"]) ? header["lsn"]! : StoredNumbers.Text(nowMs), "no number");
        }

        if (header["id"] is null or "" && identity.Length > 0)
        {
            yield return ("id", identity, "missing");
        }

        if (header["f"] is not Handshake.Format)
        {
            yield return ("f", Handshake.Format, "missing or another one");
        }
    }

    private static bool IsNumber(string? text) => text is not null && StoredNumbers.TryRead(text, out _);
}
