using Darq.Engine.Batching;
using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Redis;

namespace Darq.Engine.Publishing;

/// <summary>Messages of one topic as a request of a batch, all or none. It tells <paramref name="primary"/> what it wrote.</summary>
internal abstract class AppendRequest(string name, Append[] appends, Primary primary) : BatchRequest(name)
{
    protected Append[] Appends => appends;

    /// <summary>What became of the messages; null where they were refused.</summary>
    public Published[]? Published { get; private set; }

    public override int Size { get; } = appends.Sum(append => append.Size);

    protected override void Heard(string reply)
    {
        if (reply.StartsWith("OK ", StringComparison.Ordinal))
        {
            Published = Emitted.Read(primary, appends, reply.AsSpan(3), isFirst: true);
        }
    }
}

/// <summary>Messages of any kind, each with all that an append takes.</summary>
internal sealed class MixedRequest(Append[] appends, string repetition, Primary primary, NamespaceOptions options)
    : AppendRequest("publish", appends, primary)
{
    public override bool Repeatable => repetition.Length > 0 || Array.TrueForAll(Appends, append => append.Id.Length > 0);

    public override void Write(BatchWriter writer)
    {
        writer.Add(repetition);
        writer.Add((long)options.RetryWindow.TotalMilliseconds);
        writer.Add(Appends.Length);
        foreach (var append in Appends)
        {
            append.Write(writer, options);
        }
    }
}

/// <summary>Messages that are nothing but data: all go where the first goes, and need few arguments.</summary>
internal sealed class BareRequest(Append[] appends, string repetition, Primary primary, NamespaceOptions options)
    : AppendRequest("bare", appends, primary)
{
    public override bool Repeatable => repetition.Length > 0;

    public override void Write(BatchWriter writer)
    {
        writer.Add(repetition);
        writer.Add((long)options.RetryWindow.TotalMilliseconds);
        writer.Add(writer.Place(Appends[0].Partition));
        writer.Add(Keys.Encode(Appends[0].Topic));
        writer.Add(options.MaxBacklog);
        writer.Add(Appends.Length);
        foreach (var append in Appends)
        {
            writer.Add(append.Data);
        }
    }
}
