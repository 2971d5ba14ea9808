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
                    "t" => "Publishing to this topic breaks the partition: it takes no more writes then.",
                    "m" => "Nothing works in the namespace.",
                    "c" => "One component cannot send its requests.",
                    _ => "Requests that need it fail, some of them in the middle: the partition takes no more writes then.",
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
                Means = "One component cannot send its requests. It begins a new session when the record is gone.",
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
