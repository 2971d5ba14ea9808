using System.Globalization;
using Darq.Engine.Core;
using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Acks;
using Darq.Engine.Subscriptions.Ownership;
using Darq.Engine.Subscriptions.Retries;

namespace Darq.Tests.Unit.Subscriptions.Model;

/// <summary>
/// What Redis does for one group and topic, as far as the core hears of it: append.lua, claim.lua, lane.lua, retry.lua and the consumption
/// of step.lua in a few lines each. Every write can be undone, so that a crash loses the newest ones.
/// </summary>
internal sealed class RedisModel(int partitions)
{
    private readonly Stack<Action> _undo = [];

    public RedisPartition[] Partitions { get; } = [.. Enumerable.Range(0, partitions).Select(_ => new RedisPartition())];

    public long WorldLine { get; private set; } = 1;

    /// <summary>Number of the newest write that is not lost.</summary>
    public long Lsn => _undo.Count;

    public IEnumerable<StoredMessage> Messages => Partitions.SelectMany(partition => partition.Stream);

    /// <summary>Loses the newest writes.</summary>
    public void LoseSuffix(int writes)
    {
        for (var i = 0; i < writes && _undo.TryPop(out var undo); i++)
        {
            undo();
        }
    }

    public void Recover() => WorldLine++;

    public StoredMessage Append(int partition, string key, long expiryMs, bool isDamaged)
    {
        var at = Partitions[partition];
        var message = new StoredMessage(partition, new(WorldLine, at.Last + 1), key, expiryMs, isDamaged, Lsn + 1);
        Write(() => at.Stream.Add(message), () => at.Stream.RemoveAt(at.Stream.Count - 1));
        return message;
    }

    public IReadOnlyList<StoredMessage> Read(int partition, Position after, int most) =>
        [.. Partitions[partition].Stream.Where(message => message.StreamId > after).Take(most)];

    /// <summary>Last number; where that is the one known, the next append is told of.</summary>
    public long Tail(int partition, long known, string session)
    {
        var at = Partitions[partition];
        at.Armed = at.Last == known ? session : at.Armed;
        return at.Last;
    }

    public ClaimResult Claim(Claim claim, string session)
    {
        var at = Partitions[claim.Lane.Partition];
        return Holds(at, session, at.Token) ? ResultOf(at)
            : at.Owner == claim.Dead && claim.DeadIsOurs ? Take(at, session, isOwn: true)
            : at.Owner is { } owner && owner != session && owner != claim.Dead ? Without(ClaimOutcome.OwnedByAnother, owner)
            : Take(at, session);
    }

    public ClaimResult Resume(Claim claim, string session)
    {
        var at = Partitions[claim.Lane.Partition];
        return at.Owner == session && Holds(at, session, at.Token) ? ResultOf(at)
            : at.Owner == session && at.Token == claim.FencingToken ? Continue(at)
            : Without(ClaimOutcome.Lost, "");
    }

    public void Release(int partition, string session, string token)
    {
        var at = Partitions[partition];
        if (at.Owner == session && at.Token == token)
        {
            Set(at, at.Claim with { Owner = null });
        }
    }

    /// <summary>An owner takes the lane whoever has it.</summary>
    public ClaimResult Take(RedisPartition at, string owner, bool isOwn = false)
    {
        var (first, takeOvers) = (at.AckedUpTo + 1, at.Claim.TakeOvers);
        if (at.Owner is not null && at.Owner != owner && !isOwn)
        {
            takeOvers = at.Last < first ? default : (first, takeOvers.Seq == first ? takeOvers.Count + 1 : 1);
        }

        var done = at.Stream.Where(at.IsOver).Select(message => message.StreamId).ToHashSet();
        Set(at, new(owner, NextToken(at), takeOvers, done));
        return ResultOf(at);
    }

    public SettlementOutcome Settle(Position message, int partition, string session, string token, string by)
    {
        var at = Partitions[partition];
        if (!Holds(at, session, token))
        {
            return SettlementOutcome.Fenced;
        }

        Finish(at, message, by);
        return SettlementOutcome.Done;
    }

    public StepEnd Consume(Position message, int partition, string session, string token)
    {
        var at = Partitions[partition];
        if (at.Done.ContainsKey(message.Number))
        {
            return StepEnd.Consumed;
        }

        if (!Holds(at, session, token))
        {
            return StepEnd.Fenced;
        }

        Finish(at, message, "step");
        return StepEnd.Consumed;
    }

    public SettlementOutcome Enqueue(
        IEnumerable<RetryMove> moves,
        int partition,
        string session,
        string token,
        Func<TimeSpan, long> toUnixMs
    )
    {
        var at = Partitions[partition];
        if (!Holds(at, session, token))
        {
            return SettlementOutcome.Fenced;
        }

        foreach (var move in moves)
        {
            Enqueue(at, move.StreamId.Number, toUnixMs(move.Due), move.Failures);
        }

        return SettlementOutcome.Done;
    }

    public void Enqueue(RedisPartition at, long seq, long dueMs, int failures)
    {
        if (at.Done.ContainsKey(seq) || at.At(seq) is not { } message)
        {
            return;
        }

        QueuedMessage? before = at.Queue.TryGetValue(seq, out var queued) ? queued : null;
        Write(
            () => at.Queue[seq] = new(message, dueMs, failures),
            () =>
            {
                at.Queue.Remove(seq);
                if (before is { } again)
                {
                    at.Queue[seq] = again;
                }
            }
        );
    }

    /// <summary>Marks a message as done with. The real one goes by the number alone: whoever names another message is at fault.</summary>
    public void Finish(RedisPartition at, Position message, string by)
    {
        if (at.Done.ContainsKey(message.Number))
        {
            return;
        }

        Violation.Unless(at.At(message.Number)?.StreamId == message, $"{message} was told to be done with ({by}) and is not in its stream");
        QueuedMessage? queued = at.Queue.TryGetValue(message.Number, out var found) ? found : null;
        Write(
            () =>
            {
                at.Done[message.Number] = by;
                at.Queue.Remove(message.Number);
            },
            () =>
            {
                at.Done.Remove(message.Number);
                if (queued is { } again)
                {
                    at.Queue[message.Number] = again;
                }
            }
        );
    }

    private ClaimResult Continue(RedisPartition at)
    {
        Set(at, at.Claim with { Token = NextToken(at) });
        return ResultOf(at);
    }

    private string NextToken(RedisPartition at)
    {
        var parts = at.Token.Split('.');
        var next = parts[0] == Text(WorldLine) ? long.Parse(parts[1], CultureInfo.InvariantCulture) + 1 : 1;
        return $"{WorldLine}.{next}";
    }

    private void Set(RedisPartition at, OwnerRecord claim)
    {
        var before = at.Claim;
        Write(() => at.Claim = claim, () => at.Claim = before);
    }

    private bool Holds(RedisPartition at, string session, string token) =>
        at.Owner == session && at.Token == token && token.StartsWith($"{WorldLine}.", StringComparison.Ordinal);

    private static ClaimResult ResultOf(RedisPartition at)
    {
        var upTo = at.AckedUpTo;
        var takeOvers = at.Claim.TakeOvers.Seq == upTo + 1 ? at.Claim.TakeOvers.Count : 0;
        var acked = at.Stream.Select(message => message.StreamId.Number).Where(number => number > upTo && at.IsAcked(number));
        (long, long)[] intervals = [.. acked.Select(number => (number, number))];
        return new(ClaimOutcome.Owned, "", at.Token, at.At(upTo)?.StreamId ?? default, takeOvers, at.Queue.Count, intervals);
    }

    private static ClaimResult Without(ClaimOutcome outcome, string owner) => new(outcome, owner, "", default, 0, 0, []);

    private void Write(Action write, Action undo)
    {
        write();
        _undo.Push(undo);
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A guarantee that did not hold.</summary>
internal sealed class Violation(string message) : Exception(message)
{
    public static void Unless(bool holds, string message)
    {
        if (!holds)
        {
            throw new Violation(message);
        }
    }
}
