using System.Globalization;
using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Engine.Redis;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Engine.Subscriptions.Reading;

namespace Darq.Engine.Subscriptions.Acks;

/// <summary>The dead-letter topic of a subscription, and the metadata of a dead letter: reason, group and original message.</summary>
internal static class DeadLetter
{
    public const string DeliveriesFailed = "deliveries failed";
    public const string KilledItsHandler = "killed its handler";
    public const string SidecarGaveUp = "the sidecar gave it up";

    /// <summary>
    /// Whether the topic is where dead letters of this group go: what fails there is repeated for ever, because it has nowhere to go. A
    /// component's settings are those of all its topics, so that this one has the same <c>deadLetterTopic</c>.
    /// </summary>
    public static bool IsIn(string topic, SubscriptionOptions options, string group) =>
        topic == options.DeadLetterTopic || topic.EndsWith($".{group}.dead", StringComparison.Ordinal);

    /// <summary>
    /// The dead-letter topic of a subscription, or null where its messages are repeated for ever. Throws (Invalid) for a wrong name.
    /// </summary>
    public static string? TopicOf(SubscriptionOptions options, string group, string topic)
    {
        if (options.MaxDeliveries == 0)
        {
            return null;
        }

        var deadLetterTopic = options.DeadLetterTopic ?? $"{topic}.{group}.dead";
        if (!Limits.IsTopic(deadLetterTopic))
        {
            throw Limits.Invalid(
                "deadLetterTopic",
                deadLetterTopic,
                "at most 255 bytes that do not end in ~<number>; give a deadLetterTopic"
            );
        }

        return deadLetterTopic;
    }

    /// <summary>
    /// The id of the dead letter: one of its own, because several groups may give up one message, and several topics with equal ids may
    /// have one dead-letter topic. Its metadata names the message's id.
    /// </summary>
    public static string IdOf(string group, string topic, Message message) =>
        MessageIds.OfCause(group, topic, message.Partition, $"{message.Id}\0{message.StreamId}") + ".dead";

    /// <summary>The message's own metadata, unless it is damaged, and the reason; replaces the reason of an earlier dead letter.</summary>
    public static ReadOnlyMemory<byte> Metadata(
        Message message,
        string reason,
        string group,
        string topic,
        int failures,
        DateTimeOffset now
    ) =>
        MessageMetadata.Write([
            .. OfPublisher(message),
            new(WireNames.DeadReason, reason),
            new(WireNames.DeadGroup, Keys.Encode(group)),
            new(WireNames.DeadTopic, Keys.Encode(topic)),
            new(WireNames.DeadFailures, failures.ToString(CultureInfo.InvariantCulture)),
            new(WireNames.DeadId, Envelope.HeaderValue(message.Id)),
            new(WireNames.DeadMessage, $"{message.Partition}-{message.StreamId}"),
            new(WireNames.DeadTime, now.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture)),
        ]);

    private static IEnumerable<KeyValuePair<string, string>> OfPublisher(Message message)
    {
        try
        {
            return message.ParseMetadata().Where(entry => !WireNames.IsDeadLetter(entry.Key));
        }
        catch (FormatException)
        {
            return [];
        }
    }
}
