using Darq.Component.Cli.Data;
using Darq.Component.Cli.Findings;
using Darq.Component.Cli.Repairs;
using Darq.Component.Configuration;
using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Engine.Subscriptions.Reading;

namespace Darq.Component.Cli.Checks;

/// <summary>A damaged member of a retry queue: its message is neither delivered nor finished.</summary>
internal static class QueueCheck
{
    /// <param name="key">The key of the queue.</param>
    /// <param name="name">What its name says.</param>
    /// <param name="member">The damaged member.</param>
    /// <param name="score">Its score: the number of the message.</param>
    /// <param name="body">What the queue keeps of the message; null for nothing.</param>
    public static Finding Judge(string key, KeyName name, string member, string score, ReadOnlyMemory<byte>? body) =>
        Of(key, name, score, $"A message in the retry queue is damaged: {SettingValues.Show(member)}.") with
        {
            Means = "It is not delivered again, and keeps its lane from ever being empty.",
            Repair = RepairOf(key, name, member, score, body),
        };

    /// <summary>A message whose entry in the queue is gone.</summary>
    /// <param name="queue">The key of the queue.</param>
    /// <param name="name">What the name of the bodies' key says.</param>
    /// <param name="score">The number of the message.</param>
    /// <param name="body">What is kept of it.</param>
    public static Finding WithoutEntry(string queue, KeyName name, string score, ReadOnlyMemory<byte> body)
    {
        var finding = Of(queue, name, score, $"Message {score} waits for its next delivery, and its entry is gone.");
        return Key(body, name.Partition, score) is { } messageKey
            ? finding with
            {
                Repair = new(
                    "write its entry anew; it is delivered at once, as one that never failed",
                    queue,
                    GuardedChange.Of(queue, new(["ZCOUNT", queue, score, score], "0"), "ZADD", queue, score, $"0-{score} 0 0 {messageKey}")
                )
                {
                    ConcernsOwners = true,
                },
            }
            : finding with
            {
                Means = "It is not delivered again, and what is kept of it cannot be read.",
                Do = $"Look at field {score} of the key with :qb: in the place of :q:, and delete it",
            };
    }

    /// <summary>An entry of the queue whose message is gone.</summary>
    public static Finding WithoutBody(string key, KeyName name, string member, string score) =>
        Of(key, name, score, $"Message {score} waits for its next delivery, and what was kept of it is gone.") with
        {
            Means = "It is lost, and keeps its lane from ever being empty.",
            Repair = RepairOf(key, name, member, score, null),
        };

    private static Finding Of(string queue, KeyName name, string score, string what) =>
        new(Severity.Error, "retry-queue", what)
        {
            Key = queue,
            Field = score,
            Partition = name.Partition,
            Means = "It is not delivered again.",
            Do = "darq repair",
        };

    private static Repair RepairOf(string key, KeyName name, string member, string score, ReadOnlyMemory<byte>? body)
    {
        var condition = new Condition(["ZSCORE", key, member], score);
        if (Key(body, name.Partition, score) is not { } messageKey)
        {
            return new(
                "remove it: its message is gone or cannot be read either",
                key,
                GuardedChange.Of(key, condition, "ZREM", key, member)
            )
            {
                ConcernsOwners = true,
            };
        }

        return new(
            "write it anew from the message that the queue keeps; it is delivered at once, as one that never failed",
            key,
            // World-line 0: which one it was is not known, and the number alone tells messages of a lane apart.
            new(
                [key],
                [condition],
                [
                    ["ZREM", key, member],
                    ["ZADD", key, score, $"0-{score} 0 0 {messageKey}"],
                ]
            )
        )
        {
            ConcernsOwners = true,
        };
    }

    private static string? Key(ReadOnlyMemory<byte>? body, int partition, string score)
    {
        if (body is not { } bytes || !StoredNumbers.TryRead(score, out var seq))
        {
            return null;
        }

        try
        {
            return Message.Unpack(partition, new Position(0, seq), bytes).Key;
        }
        catch (Exception damaged) when (damaged is FormatException or OverflowException)
        {
            return null;
        }
    }
}
