using Darq.Engine.Batching;
using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Acks;
using Darq.Engine.Subscriptions.Reading;
using Darq.Engine.Subscriptions.Retries;

namespace Darq.Tests.Unit.Subscriptions.Model;

/// <summary>
/// The loops that read, move and fetch, the clock, and whoever tells outcomes: each works only when it was woken or its time came, as in
/// the shell. What they ask Redis is answered at once, later or never.
/// </summary>
internal sealed class LoopsModel(CoreModel model)
{
    private const int Readers = 4;
    private const int LearnedAtOnce = 2;

    private readonly List<(StreamRead Read, IReadOnlyList<StoredMessage> Page)> _reads = [];
    private readonly List<RetryMove[]> _moves = [];
    private Action<int>? _fetched;
    private TimeSpan? _fetcherDue;
    private readonly Queue<StoredMessage> _appended = [];

    public void PublishOwn(int partition, string key)
    {
        if (model.IsReady)
        {
            _appended.Enqueue(model.Redis.Append(partition, key, long.MaxValue, isDamaged: false));
        }
    }

    /// <summary>The reply tells of what this process appended.</summary>
    public void TellAppended()
    {
        if (!_appended.TryDequeue(out var message))
        {
            return;
        }

        // Where it was lost, and this comes too late for the handshake, the process is told of what is not there.
        if (model.HasCrashed || model.Redis.Partitions[message.Partition].At(message.StreamId.Number) == message)
        {
            model.Tell(message.Lsn);
        }

        var (partition, streamId) = (message.Partition, message.StreamId);
        var appended = new AppendedMessage(partition, CoreModel.Topic, streamId, streamId, "", message.Key, default, default);
        model.Apply(core => core.OnAppended(appended));
        model.Advance();
    }

    public void Read()
    {
        if (!model.IsAwake(Workers.Reader) || _reads.Count == Readers)
        {
            return;
        }

        if (model.Apply(core => core.NextRead()) is not { } read)
        {
            model.Sleep(Workers.Reader);
            return;
        }

        _reads.Add((read, model.IsReady ? model.Redis.Read(read.Lane.Partition, read.After, read.PageMax) : []));
        if (!model.IsReady)
        {
            AnswerRead(_reads.Count - 1, fails: true);
        }
    }

    public void AnswerRead(int which, bool fails)
    {
        if (_reads.Count == 0)
        {
            return;
        }

        var (read, page) = _reads[which % _reads.Count];
        _reads.RemoveAt(which % _reads.Count);
        model.Awake |= Workers.Reader;
        model.Advance();
        if (!fails && page.Count > 0)
        {
            model.Tell(page.Max(message => message.Lsn));
        }

        ReadEntry[]? entries = fails ? null : [.. page.Select(message => new ReadEntry(message.StreamId, message.Read()))];
        model.Apply(core => core.OnRead(read, entries));
    }

    public void Move()
    {
        if (!model.IsAwake(Workers.RetryMover) || _moves.Count > 0)
        {
            return;
        }

        model.Sleep(Workers.RetryMover);
        _moves.AddRange(model.Apply(core => core.NextRetryMoves()));
    }

    public void AnswerMove(int which, bool refuses)
    {
        if (_moves.Count == 0 || !model.IsReady && !refuses)
        {
            return;
        }

        var moves = _moves[which % _moves.Count];
        _moves.RemoveAt(which % _moves.Count);
        var lane = moves[0].Lane;
        var token = FencingTokenAt(lane, moves[0].Epoch);
        var outcome = refuses
            ? SettlementOutcome.Refused
            : model.Redis.Enqueue(moves, lane.Partition, model.Session, token, CoreModel.ToUnixMs);
        model.Tell(refuses ? 0 : model.Redis.Lsn);
        model.Apply(core => core.OnRetriesMoved(moves, outcome));
        model.Awake |= Workers.RetryMover;
        model.Advance();
    }

    public void Fetch()
    {
        if (_fetched is not null || !model.IsAwake(Workers.RetryFetcher) && !(_fetcherDue <= model.Now))
        {
            return;
        }

        model.Sleep(Workers.RetryFetcher);
        if (model.Core.NextUnknownRetries() is { } lane)
        {
            _fetched = Learn(lane);
            return;
        }

        var (fetches, wait) = model.Apply(core => core.NextRetryFetches(model.Instant));
        _fetcherDue = wait < TimeSpan.Zero ? null : model.Now + wait;
        if (fetches.Count > 0)
        {
            _fetched = Find(fetches);
        }
    }

    /// <summary>The reply comes: whole, in part, or not at all.</summary>
    public void AnswerFetch(int how)
    {
        if (_fetched is not { } fetched)
        {
            return;
        }

        _fetched = null;
        model.Awake |= Workers.RetryFetcher;
        model.Advance();
        fetched(how);
    }

    public void ExecuteSettlement(int which, int how)
    {
        var waiting = model.Settlements.FindAll(pending => pending.Outcome is null);
        if (model.IsReady && waiting.Count > 0)
        {
            Execute(waiting[which % waiting.Count], how);
        }
    }

    public void AnswerSettlement(int which, int how)
    {
        if (model.Settlements.Count == 0)
        {
            return;
        }

        var pending = model.Settlements[which % model.Settlements.Count];
        if (pending.Outcome is null && model.IsReady)
        {
            Execute(pending, how);
        }

        if (pending.Outcome is not { } outcome)
        {
            return;
        }

        model.Settlements.Remove(pending);
        model.Tell(pending.Lsn);
        var (message, lane) = (pending.Settlement.Message, pending.Settlement.Message.Lane);
        var isCurrent = message.State == MessageState.Settling && lane.Epoch == pending.Settlement.Epoch;
        model.Apply(core => core.OnSettled(pending.Settlement, outcome, model.Instant));
        var (key, streamId) = (message.Message.Key, message.Message.StreamId);
        Violation.Unless(
            !isCurrent || outcome != SettlementOutcome.Full || lane.Retries.SequenceOf(key, streamId.Number) is not null,
            $"message {streamId} found the dead-letter topic full and did not go to the retry queue"
        );
    }

    public void Tick()
    {
        if (!model.IsAwake(Workers.Clock) && !(model.ClockDue <= model.Now))
        {
            return;
        }

        model.Awake |= Workers.Clock;
        model.Apply(core => core.OnTick(model.Instant));
        model.Sleep(Workers.Clock);
        model.ClockDue = model.Core.Arm();
    }

    public void OnCrash()
    {
        foreach (var pending in model.Settlements)
        {
            (pending.Outcome, pending.Lsn) = (null, 0);
        }
    }

    /// <summary>Replies of the process that crashed are not taken after the handshake with the next.</summary>
    public void OnHandshake()
    {
        while (_reads.Count > 0)
        {
            AnswerRead(0, fails: true);
        }

        AnswerFetch(0);
    }

    private void Execute(PendingSettlement pending, int how)
    {
        var settlement = pending.Settlement;
        var (lane, message) = (settlement.Message.Lane, settlement.Message.Message);
        pending.Outcome =
            how % 6 == 5 ? SettlementOutcome.Refused
            : how % 6 == 4 && settlement.Ending == Ending.DeadLetter ? SettlementOutcome.Full
            : model.Redis.Settle(
                message.StreamId,
                lane.Partition,
                model.Session,
                FencingTokenAt(lane, settlement.Epoch),
                settlement.Ending.ToString()
            );
        pending.Lsn = pending.Outcome == SettlementOutcome.Done ? model.Redis.Lsn : 0;
    }

    private Action<int>? Learn(Lane lane)
    {
        var (epoch, after) = (lane.Epoch, lane.Retries.KnownUpTo);
        var left = model.Redis.Partitions[lane.Partition].Queue.Where(queued => queued.Key > after).Select(queued => queued.Value).ToList();
        var (isReady, now) = (model.IsReady, model.UnixMs);
        return how =>
        {
            if (!isReady || how % 4 == 0)
            {
                return;
            }

            (RetryQueueEntry, TimeSpan)[] page =
            [
                .. left.Take(LearnedAtOnce)
                    .Select(queued =>
                        (
                            new RetryQueueEntry(queued.Message.StreamId, queued.DueMs, queued.Failures, queued.Message.Key),
                            TimeSpan.FromMilliseconds(Math.Max(0, queued.DueMs - now))
                        )
                    ),
            ];
            model.Apply(core => core.OnRetriesLearned(lane, epoch, page, left.Count <= LearnedAtOnce, model.Instant));
        };
    }

    private Action<int> Find(IReadOnlyList<RetryFetch> fetches)
    {
        var found = fetches.Select(fetch => fetch.Seqs.Select(seq => Find(fetch.Lane.Partition, seq)).ToArray()).ToArray();
        var (isReady, lsn) = (model.IsReady, model.Redis.Lsn);
        return how =>
        {
            // A reply has as many bytes as it may have, and then ends. Where the queue is damaged for now, nothing is found.
            var left =
                !isReady || how % 4 == 0 ? 0
                : how % 4 == 1 ? 1
                : int.MaxValue;
            model.Tell(left > 0 ? lsn : 0);
            for (var i = 0; i < fetches.Count; i++)
            {
                var (fetch, messages) = (fetches[i], found[i].Take(left).ToArray());
                left -= messages.Length;
                model.Apply(core => core.OnRetriesFetched(fetch, messages, isDamaged: how % 8 == 4, model.Instant));
            }
        };
    }

    private FetchedMessage Find(int partition, long seq) =>
        model.Redis.Partitions[partition].Queue.TryGetValue(seq, out var queued) ? new(queued.Message.Read(), queued.Failures) : default;

    private static string FencingTokenAt(Lane lane, int epoch) => lane.Owned && lane.Epoch == epoch ? lane.FencingToken : Lane.NoToken;
}
