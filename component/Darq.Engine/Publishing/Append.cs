using Darq.Engine.Batching;
using Darq.Engine.Core;
using Darq.Engine.Redis;

namespace Darq.Engine.Publishing;

/// <summary>One message ready to be appended, by a publish or by a step: checked, with its partition decided.</summary>
internal sealed record Append
{
    public required int Partition { get; init; }

    public required string Topic { get; init; }

    /// <summary>The id that the message keeps.</summary>
    public required string Id { get; init; }

    /// <summary>Whether the caller gave the id, so that a duplicate is found by it.</summary>
    public bool IsNamed { get; init; }

    /// <summary>The digest of the event by which a duplicate is found; "" for none.</summary>
    public string Event { get; init; } = "";

    public string Key { get; init; } = "";

    public required ReadOnlyMemory<byte> Data { get; init; }

    public ReadOnlyMemory<byte> Metadata { get; init; }

    public TimeSpan? TimeToLive { get; init; }

    /// <summary>When its publisher wants to be answered; null where it does not say.</summary>
    public AckLevel? Ack { get; init; }

    /// <summary>Whether it is nothing but data, so that neither key nor id decided its partition.</summary>
    public bool IsBare => IsNeverRepeated && Key.Length == 0 && Metadata.IsEmpty && TimeToLive is null;

    /// <summary>Whether nothing tells a repetition of it from another message.</summary>
    public bool IsNeverRepeated => !IsNamed && Event.Length == 0;

    public int Size => Data.Length + Metadata.Length + Key.Length + Id.Length + Topic.Length + 64;

    /// <summary>
    /// Checks topic and metadata of a message and decides its partition: by key, else by id, else <paramref name="spread"/>. A message
    /// without an id takes <paramref name="madeId"/>.
    /// </summary>
    public static Append From(string topic, PublishEntry entry, NamespaceOptions options, int spread, string madeId)
    {
        CheckTopic(topic);
        var given = RequestNames.Publish.Read(entry.Metadata);
        var key = Given(given, WireNames.PartitionKey);
        var id = Given(given, WireNames.Id);
        var metadata = MessageMetadata.Serialize(given);
        Limits.CheckMessage("the message", (long)entry.Data.Length + metadata.Length);
        var digest = id is null && options.DedupBy == DedupBy.CloudEvent ? EventIdentity.Of(entry.Data) : null;
        return new()
        {
            Partition = (key ?? id ?? digest) is { } decides ? PartitionHash.Of(decides, options.Partitions) : spread,
            Topic = topic,
            Id = id ?? madeId,
            IsNamed = id is not null,
            Event = digest ?? "",
            Key = key ?? "",
            Data = entry.Data,
            Metadata = metadata,
            TimeToLive = Publishing.TimeToLive.Of(given),
            Ack = RequestAck.Of(given),
        };
    }

    public static void CheckTopic(string topic, string field = "topic")
    {
        Limits.CheckName(field, topic);
        if (Limits.NamesFurtherStream(topic))
        {
            throw Limits.Invalid(field, topic, "a name that does not end in ~<number>, which names a further stream of a subscription");
        }
    }

    /// <summary>The arguments in the order of append.lua.</summary>
    public void Write(BatchWriter writer, NamespaceOptions options)
    {
        writer.Add(
            IsNamed ? writer.PlaceOfDuplicates(Partition, Topic, 'd')
            : Event.Length > 0 ? writer.PlaceOfDuplicates(Partition, Topic, 'r')
            : writer.PlaceOfTopic(Partition, Topic)
        );
        writer.Add(Keys.Encode(Topic));
        writer.Add(Id);
        writer.Add(
            IsNamed ? "d"
            : Event.Length > 0 ? "r"
            : ""
        );
        writer.Add(Event);
        writer.Add((long)(IsNamed ? options.DedupWindow : options.RetryWindow).TotalMilliseconds);
        writer.Add(Key);
        writer.Add(Data);
        writer.Add(Metadata);
        writer.Add((long)(TimeToLive?.TotalMilliseconds ?? 0));
        writer.Add(options.MaxBacklog);
    }

    /// <summary>A key or an id; null where it is not given. The metadata are as <see cref="RequestNames.Read"/> returns them.</summary>
    public static string? Given(IReadOnlyDictionary<string, string> metadata, string name)
    {
        if (!metadata.TryGetValue(name, out var value))
        {
            return null;
        }

        if (value.Length == 0)
        {
            throw Limits.Invalid(name, value, "1 to 1,024 bytes of UTF-8; leave it out for none");
        }

        Limits.CheckKey(name, value);
        return value;
    }
}
