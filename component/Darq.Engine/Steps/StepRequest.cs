using Darq.Engine.Batching;
using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Engine.Redis;
using Darq.Engine.State;
using Darq.Engine.Subscriptions.Deliveries;

namespace Darq.Engine.Steps;

/// <summary>
/// A message that a step consumes, and where to ask for the fencing token under which its lane is held at the moment of sending.
/// </summary>
internal readonly record struct Consumption(DeliveryToken Token, Func<string> FencingToken);

/// <summary>A key that a step relies on without writing it: it must still have this etag, or be absent where the etag is "".</summary>
internal readonly record struct StateRead(int Partition, string Key, string ETag);

/// <summary>A step as a request of a batch. What it does not name is empty. <paramref name="told"/> is told what it wrote.</summary>
internal sealed class StepRequest(NamespaceOptions options, Primary? told = null) : BatchRequest("step")
{
    private int _size;

    /// <summary>The partition that keeps the result: that of the first consumed message, else of the step id or the first key.</summary>
    public required int Home { get; init; }

    public string Id { get; init; } = "";

    public Consumption[] Consumed { get; init; } = [];

    public StateRead[] Reads { get; init; } = [];

    public StateWrite[] Operations { get; init; } = [];

    public Append[] Emits { get; init; } = [];

    /// <summary>Where it took effect, by this request or by an earlier one; null where it was refused.</summary>
    public Position? Applied { get; private set; }

    /// <summary>What became of the emits. Those of the first attempt answer; where a repetition names others, nothing.</summary>
    public Published[] Emitted { get; private set; } = [];

    // Asked for several times on the way to Redis.
    public override int Size => _size > 0 ? _size : _size = Weigh();

    public override bool Frees =>
        Emits.Length == 0
        && Consumed.Length == 0
        && Array.TrueForAll(Operations, operation => operation.Operation.Change == StateChange.Delete);

    // Its record or the consumed message tells a second execution; without either, writing the same values again
    // changes nothing but etags, so only a guarded write could be told a false conflict.
    public override bool Repeatable =>
        Id.Length > 0
        || Consumed.Length > 0
        || Reads.Length == 0
            && Array.TrueForAll(Emits, emit => emit.Id.Length > 0)
            && Array.TrueForAll(Operations, operation => string.IsNullOrEmpty(operation.Operation.ETag) && !operation.Operation.FirstWrite);

    /// <summary>Whether what it consumes, reads, writes and emits lies in several partitions.</summary>
    public bool IsCrossPartition =>
        !IsWithin(
            Consumed.Length > 0 ? Consumed[0].Token.Partition
            : Reads.Length > 0 ? Reads[0].Partition
            : Operations.Length > 0 ? Operations[0].Partition
            : Emits.Length > 0 ? Emits[0].Partition
            : Home
        );

    /// <summary>How many partitions those are; counted anew each time.</summary>
    public int Partitions =>
        Consumed
            .Select(consumed => consumed.Token.Partition)
            .Concat(Reads.Select(read => read.Partition))
            .Concat(Operations.Select(operation => operation.Partition))
            .Concat(Emits.Select(emit => emit.Partition))
            .Distinct()
            .Count();

    /// <summary>Whether it does nothing at all, and is not to be remembered either.</summary>
    public bool IsEmpty => Id.Length == 0 && Consumed.Length == 0 && Reads.Length == 0 && Operations.Length == 0 && Emits.Length == 0;

    public override void Write(BatchWriter writer)
    {
        writer.Add(writer.Place(Home));
        writer.Add(Id);
        writer.Add((long)options.StepRetention.TotalMilliseconds);
        writer.Add(Consumed.Length);
        foreach (var (token, fencingToken) in Consumed)
        {
            writer.Add(writer.Place(token.Partition));
            writer.Add(Keys.Encode(token.Group));
            writer.Add(Keys.Encode(token.Topic));
            writer.Add(fencingToken());
            writer.Add(token.Message.WorldLine);
            writer.Add(token.Message.Number);
        }
        writer.Add(Reads.Length);
        foreach (var (partition, key, etag) in Reads)
        {
            writer.Add(writer.Place(partition));
            writer.Add(key);
            writer.Add(etag);
        }
        writer.Add(Operations.Length);
        foreach (var operation in Operations)
        {
            operation.Write(writer);
        }

        writer.Add(Emits.Length);
        foreach (var emit in Emits)
        {
            emit.Write(writer, options);
        }
    }

    protected override void Heard(string reply)
    {
        var words = reply.AsSpan();
        var isFirst = words.StartsWith("OK ");
        if (told is null || !isFirst && !words.StartsWith("DUPLICATE "))
        {
            return;
        }

        words = words[(words.IndexOf(' ') + 1)..];
        var applied = Position.Parse(Publishing.Emitted.Next(ref words));
        told.Applied.Note(Home, applied);
        if (words.Count(' ') + 1 == 2 * Emits.Length)
        {
            Emitted = Publishing.Emitted.Read(told, Emits, words, isFirst);
        }

        Applied = applied;
    }

    private bool IsWithin(int partition)
    {
        foreach (var consumed in Consumed)
        {
            if (consumed.Token.Partition != partition)
            {
                return false;
            }
        }
        foreach (var read in Reads)
        {
            if (read.Partition != partition)
            {
                return false;
            }
        }
        foreach (var operation in Operations)
        {
            if (operation.Partition != partition)
            {
                return false;
            }
        }
        foreach (var emit in Emits)
        {
            if (emit.Partition != partition)
            {
                return false;
            }
        }
        return true;
    }

    private int Weigh()
    {
        var size = 64 + 96 * Consumed.Length;
        foreach (var read in Reads)
        {
            size += 48 + read.Key.Length;
        }

        foreach (var operation in Operations)
        {
            size += operation.Size;
        }

        foreach (var emit in Emits)
        {
            size += emit.Size;
        }

        return size;
    }
}
