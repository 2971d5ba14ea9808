using Darq.Component.Cli.Data;
using Darq.Component.Cli.Findings;
using Darq.Component.Cli.Repairs;
using Darq.Component.Configuration;
using Darq.Engine.Subscriptions.Retries;

namespace Darq.Component.Cli.Checks;

/// <summary>Single keys: whether the name is one of ours, whether the type fits it, and what small records say.</summary>
internal static class KeyCheck
{
    /// <summary>A key by its name and type. What moves a key aside is added by the caller.</summary>
    /// <param name="key">The whole name.</param>
    /// <param name="name">What it says.</param>
    /// <param name="type">What TYPE says.</param>
    public static Finding? Judge(string key, KeyName name, string type)
    {
        if (type == "none")
        {
            // It was deleted since the scan saw it.
            return null;
        }

        if (!name.IsOurs)
        {
            return new(Severity.Warning, "foreign", $"A {type} lies under our tags, and its name is none of ours.")
            {
                Key = key,
                Means = "No component reads or writes it.",
                Do = "Find who wrote it, and use another prefix there",
            };
        }

        if (name.Kind == KeyName.SetAside)
        {
            return new(Severity.Note, "aside", $"A {type} that darq repair has moved aside.")
            {
                Key = key,
                Means = "No component reads it.",
                Do = "Look at it, then: UNLINK it",
            };
        }

        return name.Type.Length == 0 || name.Type == type
            ? null
            : new(Severity.Error, "type", $"The key is a {type}, and has to be a {name.Type}.")
            {
                Key = key,
                Partition = name.Partition,
                Means = name.Kind switch
                {
                    "s" => "Reads of this state key fail; a write without an etag replaces it.",
                    "t" =>
                        "Messages of this topic are neither taken nor delivered in this partition, and steps that emit them are refused.",
                    "m" => "Nothing works in this partition; the others go on.",
                    "c" => "The component that it belongs to begins a new session.",
                    _ => "Requests that need it are refused, and a lane that needs it is delivered to nobody.",
                },
                Do = "darq repair",
            };
    }

    /// <summary>The record of a session.</summary>
    public static Finding? Session(string key, KeyName name, string? number, string? expiry, long aside) =>
        number is not null && StoredNumbers.TryRead(number, out _) && (expiry is null || StoredNumbers.TryRead(expiry, out _))
            ? null
            : new(Severity.Error, "session", $"The record of a session is damaged: n is {Shown(number)}, x is {Shown(expiry)}.")
            {
                Key = key,
                Field = "n",
                Partition = name.Partition,
                Means = "The component that it belongs to begins a new session; a record that nobody owns stays.",
                Do = "darq repair",
                Repair = SetAsideRepair.Of(key, "hash", aside),
            };

    /// <summary>A world-line that is remembered with the last LSN that survived it.</summary>
    public static Finding? WorldLine(string key, KeyName name, string worldLine, string lsn) =>
        StoredNumbers.TryRead(worldLine, out _) && StoredNumbers.TryRead(lsn, out _)
            ? null
            : new(Severity.Error, "history", $"A remembered world-line is damaged: {Shown(lsn)}.")
            {
                Key = key,
                Field = worldLine,
                Partition = name.Partition,
                Means = "A component that was away at that time may not notice what was lost.",
                Do = "darq repair",
                Repair = HeaderRepair.WithoutField(key, worldLine, lsn),
            };

    /// <summary>A member of a retry queue.</summary>
    public static bool IsQueued(string member, string score) =>
        RetryQueueEntry.TryParse(member, out var entry) && StoredNumbers.TryRead(score, out var seq) && entry.StreamId.Number == seq;

    private static string Shown(string? text) => text is null ? "missing" : SettingValues.Show(text);
}
