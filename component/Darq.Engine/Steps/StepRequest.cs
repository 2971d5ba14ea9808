using System.Globalization;
using Darq.Engine.Batching;
using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Engine.Redis;
using Darq.Engine.State;
using Darq.Engine.Subscriptions.Deliveries;

namespace Darq.Engine.Steps;

/// <summary>A message that a step consumes; every sending asks for the current fencing token of its lane.</summary>
internal sealed class Consumption(DeliveryToken token, Func<string> fencingToken)
{
    public DeliveryToken Token => token;

    /// <summary>The fencing token of the last sending; "" before the first.</summary>
    public string FencingToken { get; private set; } = "";

    public string TakeFencingToken() => FencingToken = fencingToken();
}

/// <summary>A key that a step relies on without writing it: it must still have this etag, or be absent where the etag is "".</summary>
internal readonly record struct StateRead(int Partition, string Key, string ETag);

/// <summary>A step as a request of a batch. <paramref name="primary"/> gets the positions and messages that it wrote.</summary>
internal sealed class StepRequest(NamespaceOptions options, Primary? primary = null) : BatchRequest<StepResult>("step")
{
    private int _size;

    /// <summary>The partition that keeps the result: that of the first consumed message, else of the step id or the first key.</summary>
    public required int Home { get; init; }

    public string Id { get; init; } = "";

    public Consumption[] Consumed { get; init; } = [];

    public StateRead[] Reads { get; init; } = [];

    public StateWrite[] Operations { get; init; } = [];

    public Append[] Emits { get; init; } = [];

    // Computed once, because several callers ask.
    public override int Size => _size > 0 ? _size : _size = Weigh();

    public override bool Frees =>
        Emits.Length == 0 && Array.TrueForAll(Operations, operation => operation.Operation.Change == StateChange.Delete);

    // The record or the consumed message reveals a second execution. Without either, writing the same values again changes only
    // etags, so only a guarded write could get a false conflict.
    public override bool Repeatable =>
        Id.Length > 0
        || Consumed.Length > 0
        || Reads.Length == 0
            && !Array.Exists(Emits, emit => emit.IsNeverRepeated)
            && Array.TrueForAll(Operations, operation => string.IsNullOrEmpty(operation.Operation.ETag) && !operation.Operation.FirstWrite);

    /// <summary>Whether its messages, reads, writes and emits lie in several partitions.</summary>
    public bool IsCrossPartition =>
        !IsWithin(
            Consumed.Length > 0 ? Consumed[0].Token.Partition
            : Reads.Length > 0 ? Reads[0].Partition
            : Operations.Length > 0 ? Operations[0].Partition
            : Emits.Length > 0 ? Emits[0].Partition
            : Home
        );

    /// <summary>How many partitions those are; counted at every call.</summary>
    public int Partitions =>
        Consumed
            .Select(consumed => consumed.Token.Partition)
            .Concat(Reads.Select(read => read.Partition))
            .Concat(Operations.Select(operation => operation.Partition))
            .Concat(Emits.Select(emit => emit.Partition))
            .Distinct()
            .Count();

    /// <summary>Whether it only changes state, as a transaction without a token does.</summary>
    public bool IsPlain => Id.Length == 0 && Consumed.Length == 0 && Emits.Length == 0;

    /// <summary>Whether it has neither effects nor an id to record.</summary>
    public bool IsEmpty => Id.Length == 0 && Consumed.Length == 0 && Reads.Length == 0 && Operations.Length == 0 && Emits.Length == 0;

    public override void Write(BatchWriter writer)
    {
        writer.Add(Id.Length > 0 || Consumed.Length > 0 ? writer.PlaceOfResults(Home) : writer.Place(Home));
        writer.Add(Id);
        writer.Add((long)options.StepRetention.TotalMilliseconds);
        writer.Add(Consumed.Length);
        foreach (var consumed in Consumed)
        {
            var token = consumed.Token;
            writer.Add(writer.PlaceOfLane(token.Partition, token.Group, token.Topic));
            writer.Add(Keys.Encode(token.Group));
            writer.Add(Keys.Encode(token.Topic));
            writer.Add(consumed.TakeFencingToken());
            writer.Add(token.Message.WorldLine);
            writer.Add(token.Message.Number);
            writer.Add(token.Id);
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

    protected override StepResult Parse(ReplyLine reply) =>
        reply.Code switch
        {
            ReplyCode.Ok or ReplyCode.Duplicate => Applied(reply),
            ReplyCode.Conflict => Conflict(reply.Rest.ToString().Split(' ')),
            ReplyCode.Stale => AlreadyConsumed(Consumed[Index(reply.Rest)].Token),
            ReplyCode.Full => StepResult.Refused(
                ErrorCode.Full,
                $"FULL: topic '{Emits[Index(reply.Rest)].Topic}' takes no more messages in one partition (maxBacklog); nothing was changed."
            ),
            ReplyCode.Fenced => StepResult.Refused(ErrorCode.Fenced, reply.ToException().Message),
            _ => throw reply.ToException(),
        };

    /// <summary>It took effect, by this request or an earlier one, whose emits are the answer if their number matches.</summary>
    private StepResult Applied(ReplyLine reply)
    {
        var words = reply.Rest;
        var position = Position.Parse(ReplyLine.NextWord(ref words));
        primary?.Applied.Note(Home, position);
        var isFirst = reply.Code == ReplyCode.Ok;
        var emitted = primary is not null && words.Count(' ') + 1 == 2 * Emits.Length ? Emitted.Read(primary, Emits, words, isFirst) : [];
        return new(!isFirst, new WirePosition(Home, position).ToString(), emitted) { Applied = position };
    }

    private StepResult Conflict(string[] words)
    {
        string[] keys = [.. words.Select(KeyOf).Distinct()];
        return StepResult.Refused(
            ErrorCode.Conflict,
            "CONFLICT: the etag or first-write condition does not hold for "
                + $"{string.Join(", ", keys.Select(key => $"'{key}'"))}; nothing was changed.",
            keys
        );
    }

    private static StepResult AlreadyConsumed(DeliveryToken token) =>
        StepResult.Refused(
            ErrorCode.Stale,
            $"STALE: message '{token.Id}' of topic '{token.Topic}' is already consumed and the "
                + "result of that step is no longer kept; this call changed nothing."
        ) with
        {
            AlreadyConsumed = token,
        };

    private string KeyOf(string word) => word[0] == 'r' ? Reads[Index(word.AsSpan(1))].Key : Operations[Index(word)].Operation.Key.Key;

    private static int Index(ReadOnlySpan<char> word) => int.Parse(word, CultureInfo.InvariantCulture);

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
