using Darq.Engine.Batching;
using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Redis;

namespace Darq.Engine.Publishing;

/// <summary>Messages of one topic as a request of a batch, all or none. <paramref name="primary"/> gets what it appended.</summary>
internal abstract class AppendRequest(string name, Append[] appends, Primary primary, NamespaceOptions options)
    : BatchRequest<Published[]>(name)
{
    protected Append[] Appends => appends;

    protected NamespaceOptions Options => options;

    public override int Size { get; } = appends.Sum(append => append.Size);

    /// <summary>When its caller wants to be answered; null where it does not say.</summary>
    public AckLevel? Ack => AckLevels.Together(appends.Select(append => append.Ack));

    protected override Published[] Parse(ReplyLine reply) =>
        reply.Code switch
        {
            ReplyCode.Ok => Emitted.Read(primary, appends, reply.Rest, isFirst: true),
            ReplyCode.Full => throw new DarqException(
                ErrorCode.Full,
                $"FULL: topic '{appends[0].Topic}' holds {options.MaxBacklog:N0} messages in one partition (maxBacklog) and takes no "
                    + "more until its groups have acknowledged some."
            ),
            _ => throw reply.ToException(),
        };
}

/// <summary>Messages of any kind, each with all arguments of an append.</summary>
internal sealed class MixedRequest(Append[] appends, string identity, Primary primary, NamespaceOptions options)
    : AppendRequest("publish", appends, primary, options)
{
    public override bool Repeatable => identity.Length > 0 || !Array.Exists(Appends, append => append.IsNeverRepeated);

    public override void Write(BatchWriter writer)
    {
        writer.Add(identity);
        writer.Add((long)Options.RetryWindow.TotalMilliseconds);
        writer.Add(Appends.Length);
        if (identity.Length > 0)
        {
            writer.PlaceOfDuplicates(Appends[0].Partition, Appends[0].Topic, 'r');
        }

        foreach (var append in Appends)
        {
            append.Write(writer, Options);
        }
    }
}

/// <summary>
/// Messages that are nothing but data, and whose ids follow each other: they share a partition and need few arguments.
/// </summary>
internal sealed class BareRequest(Append[] appends, string identity, MessageIdRange ids, Primary primary, NamespaceOptions options)
    : AppendRequest("bare", appends, primary, options)
{
    public override bool Repeatable => identity.Length > 0;

    public override void Write(BatchWriter writer)
    {
        writer.Add(identity);
        writer.Add((long)Options.RetryWindow.TotalMilliseconds);
        var (partition, topic) = (Appends[0].Partition, Appends[0].Topic);
        writer.Add(identity.Length > 0 ? writer.PlaceOfDuplicates(partition, topic, 'r') : writer.PlaceOfTopic(partition, topic));
        writer.Add(Keys.Encode(topic));
        writer.Add(Options.MaxBacklog);
        writer.Add(Appends.Length);
        writer.Add(ids.Prefix);
        writer.Add(ids.First);
        foreach (var append in Appends)
        {
            writer.Add(append.Data);
        }
    }
}
