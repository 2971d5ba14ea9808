using Darq.Engine.Batching;
using Darq.Engine.Core;
using Darq.Engine.Subscriptions.Acks;
using Darq.Engine.Subscriptions.Ownership;
using Darq.Engine.Subscriptions.Reading;
using Darq.Engine.Subscriptions.Retries;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Subscriptions;

/// <summary>What Redis tells, and what becomes of messages there.</summary>
internal sealed partial class SubscriptionCore
{
    private string? _session;

    private bool MayReadAhead => _dispatcher.Streams.Count > 0 && !_ahead.IsFull && !_retries.IsFull;

    // Reading.

    /// <summary>
    /// Somebody appended to the stream of this partition; what has come since is not told of before the lane is armed again.
    /// </summary>
    /// <param name="partition">Whose stream it is.</param>
    /// <param name="last">The last number there.</param>
    /// <param name="told">The session that learns of it by a reply: if that is ours, there is nothing to read.</param>
    public void OnWakeUp(int partition, long last, string told)
    {
        var lane = _lanes[partition];
        if (!lane.Owned)
        {
            return;
        }

        lane.Armed = false;
        if (told != lane.Session || last <= lane.ReadUpTo.Number)
        {
            lane.Tail = Math.Max(lane.Tail, last);
            _effects.Wake(lane.Tail > lane.ReadUpTo.Number ? Workers.Reader : Workers.Rebalancer);
        }
    }

    /// <summary>Wake-ups may have been missed: every lane is asked for its tail again.</summary>
    public void OnWakeUpsMissed()
    {
        foreach (var lane in _lanes)
        {
            lane.Armed = false;
        }

        _effects.Wake(Workers.Rebalancer);
    }

    /// <summary>What this process appended itself to a lane that it owns is delivered as it is: it need not be read back.</summary>
    public void OnAppended(AppendedMessage appended)
    {
        var lane = _lanes[appended.Partition];
        if (!lane.Owned)
        {
            return;
        }

        if (IsNext(lane, appended.StreamId))
        {
            lane.ReadUpTo = appended.StreamId;
            TakeIn(lane, Message.Of(appended));
        }

        lane.Tail = Math.Max(lane.Tail, appended.StreamId.Number);
        if (lane.Tail > lane.ReadUpTo.Number)
        {
            _effects.Wake(Workers.Reader);
        }
        else if (!lane.Armed)
        {
            _effects.Wake(Workers.Rebalancer);
        }
    }

    /// <summary>The next page to read; null while there is none, or no room for it.</summary>
    public StreamRead? NextRead()
    {
        _lifecycle.ReadWaitsForRoom = !MayReadAhead;
        return _lifecycle.ReadWaitsForRoom ? null : _ahead.Next();
    }

    /// <summary>The stream of a page is none; nothing is read there before its tail is known again.</summary>
    public void OnUnreadable(StreamRead read)
    {
        if (read.Lane.Epoch == read.Epoch)
        {
            read.Lane.Tail = read.Lane.ReadUpTo.Number;
            _effects.Wake(Workers.Rebalancer);
        }
    }

    /// <summary>A page that was read; null where that failed, and it is read again.</summary>
    public void OnRead(StreamRead read, IReadOnlyList<ReadEntry>? entries)
    {
        var lane = read.Lane;
        if (lane.Epoch != read.Epoch)
        {
            return;
        }

        lane.IsReading = false;
        foreach (var entry in entries ?? [])
        {
            TakeIn(lane, entry);
        }

        // At its end; but what was appended since the read began is not in it.
        if (entries?.Count < read.PageMax && lane.Tail == read.Tail)
        {
            lane.Tail = lane.ReadUpTo.Number;
        }

        lane.Tail = Math.Max(lane.Tail, lane.ReadUpTo.Number);
        _effects.Wake(lane.Tail > lane.ReadUpTo.Number ? Workers.Reader : Workers.Rebalancer);
    }

    // Retry queue.

    public IReadOnlyList<RetryMove[]> NextRetryMoves() => _retries.NextMoves();

    /// <summary>What Redis made of moves of one lane; those that were refused come again.</summary>
    public void OnRetriesMoved(RetryMove[] moves, SettlementOutcome outcome)
    {
        var lane = moves[0].Lane;
        if (lane.Epoch != moves[0].Epoch)
        {
            return;
        }

        switch (outcome)
        {
            case SettlementOutcome.Done:
                foreach (var move in moves)
                {
                    _retries.Stored(move);
                    if (move.Failures > 0)
                    {
                        _effects.Log(log => log.MessageWasQueued(_group, _topic, lane.Partition, move.StreamId, move.Failures));
                    }
                }

                if (lane.State == LaneState.Draining)
                {
                    _effects.Wake(Workers.Rebalancer);
                }

                break;
            case SettlementOutcome.Fenced:
                _counters.Fenced.Add();
                Lose(lane);
                break;
            default:
                _retries.Repeat(moves);
                break;
        }
    }

    /// <summary>A lane whose retry queue of an earlier owner is not known yet; null where there is none.</summary>
    public Lane? NextUnknownRetries() => Array.Find(_lanes, lane => lane.Owned && !lane.Retries.IsKnown);

    /// <summary>A page of what an earlier owner left. Until all is known nothing of the lane is read ahead.</summary>
    public void OnRetriesLearned(Lane lane, int epoch, IReadOnlyList<(RetryQueueEntry Entry, TimeSpan Wait)> page, bool isLast, Instant now)
    {
        if (lane.Epoch != epoch)
        {
            return;
        }

        foreach (var (entry, wait) in page)
        {
            lane.Retries.Learn(entry, now.Elapsed + wait);
        }

        if (isLast)
        {
            lane.Retries.IsKnown = true;
            foreach (var sequence in lane.Retries.Sequences)
            {
                _retries.Schedule(lane, sequence);
            }

            _effects.Wake(Workers.Reader);
        }
    }

    /// <summary>The first messages of sequences that are due, and how long to wait where there are none.</summary>
    public (IReadOnlyList<RetryFetch> Fetches, TimeSpan Wait) NextRetryFetches(Instant now)
    {
        _lifecycle.FetchWaitsForRoom = _dispatcher.Streams.Count == 0 || _ahead.IsFull;
        return _lifecycle.FetchWaitsForRoom ? ([], Timeout.InfiniteTimeSpan) : (_retries.NextFetches(now.Elapsed, out var wait), wait);
    }

    /// <summary>
    /// What was found of the first messages of a fetch; those that were not looked for come later, and after a pause where their queue is
    /// damaged.
    /// </summary>
    public void OnRetriesFetched(RetryFetch fetch, IReadOnlyList<FetchedMessage> found, bool isDamaged, Instant now)
    {
        var (lane, sequence) = (fetch.Lane, fetch.Sequence);
        if (lane.Epoch != fetch.Epoch)
        {
            return;
        }

        sequence.InMemory = 0;
        for (var i = 0; i < found.Count; i++)
        {
            // One that is not there was consumed meanwhile; a damaged one stays in Redis, pending, for somebody to look at.
            if (found[i].Message is not { } message)
            {
                lane.Retries.Remove(sequence, fetch.Seqs[i]);
                continue;
            }

            sequence.InMemory++;
            _lifecycle.Add(new(lane, message) { Sequence = sequence, Failures = found[i].Failures });
        }

        if (sequence.InMemory > 0)
        {
            return;
        }

        if (isDamaged)
        {
            _retries.ScheduleLater(fetch, now.Elapsed);
        }
        else
        {
            _retries.Schedule(lane, sequence);
        }
    }

    // Ownership.

    /// <summary>
    /// Part of every handshake: the lanes to resume, with their tokens. Everything in memory is dropped where something was lost or the
    /// session is another.
    /// </summary>
    public IReadOnlyList<Claim> OnSession(string session, bool lost)
    {
        foreach (var lane in _lanes)
        {
            lane.AwaitResume();
        }

        // Claims that are not answered yet were perhaps granted by a process that is gone.
        foreach (var lane in _lanes.Where(lane => !lane.Owned))
        {
            lane.Drop();
        }

        if (lost)
        {
            _lifecycle.ForgetEarlyAcks();
        }

        if (_session != session || lost)
        {
            _lost.Add(Ownership.OwnedLanes.Count);
            if (_session is { } former && former != session)
            {
                Ownership.OnNewSession(former);
            }
            else
            {
                Ownership.Lose(Ownership.OwnedLanes);
            }
        }

        _session = session;
        _effects.Wake(Workers.All);
        return [.. Ownership.OwnedLanes.Select(lane => new Claim(lane, lane.FencingToken))];
    }

    public void OnResumed(IReadOnlyList<Claim> resumed, IReadOnlyList<ClaimResult> results)
    {
        var lost = new List<Lane>();
        for (var i = 0; i < resumed.Count; i++)
        {
            var lane = resumed[i].Lane;
            if (lane.Owned && results[i].Outcome == ClaimOutcome.Owned)
            {
                lane.Resume(results[i].FencingToken);
            }
            else
            {
                lost.Add(lane);
            }
        }

        _lost.Add(lost.Count);
        Ownership.Lose(lost);
    }

    /// <summary>Others may have taken this process for dead: Redis is asked whose its lanes are before more is sent.</summary>
    public void OnLapsed() => Ownership.Suspend(_lanes);

    /// <summary>A lane was released by its owner.</summary>
    public void OnReleasedByOther(int partition)
    {
        _lanes[partition].OtherOwner = null;
        _effects.Wake(Workers.Rebalancer);
    }

    public IReadOnlyDictionary<int, string> NextReleases(string[]? assignment, string session, Instant now) =>
        Ownership.NextReleases(assignment, session, IsTaking, now.Elapsed);

    public IReadOnlyList<Claim> NextClaims(string[]? assignment, string session, bool whole, IMembershipView members)
    {
        _session ??= session;
        return Ownership.NextClaims(assignment, session, whole, members);
    }

    /// <summary>The claims that gave us their lanes.</summary>
    public IReadOnlyList<Claim> OnClaimed(
        IReadOnlyList<Claim> claims,
        string session,
        IReadOnlyList<ClaimResult> results,
        IMembershipView members
    ) =>
        session == _session
            ? [.. claims.Where((claim, i) => Ownership.OnClaimed(claim, session, results[i], _attempts.Last, members))]
            : [];

    /// <summary>When ownership has to be looked at by the clock; null while nothing drains.</summary>
    public TimeSpan? NextTurn => IsTaking ? Ownership.NextTurn : null;

    /// <summary>Takes the newest stream's settings. What is in memory is dropped where it was taken in by others.</summary>
    private void FollowNewest()
    {
        if (_dispatcher.Streams is [.., var newest] && _settings.Follow(newest.Options, isShared: _dispatcher.Streams.Count > 1))
        {
            Ownership.Lose(Ownership.OwnedLanes);
            Array.ForEach(_lanes, lane => lane.Order = Options.Order);
        }
    }

    // Messages.

    private void TakeIn(Lane lane, ReadEntry entry)
    {
        // Taken in meanwhile, because this process appended it.
        if (entry.StreamId.Number <= lane.ReadUpTo.Number)
        {
            return;
        }

        lane.ReadUpTo = entry.StreamId;
        if (entry.Message is null)
        {
            lane.Clear(entry.StreamId.Number);
        }
        else if (!lane.WasAcked(entry.StreamId.Number))
        {
            TakeIn(lane, entry.Message);
        }
    }

    private void TakeIn(Lane lane, Message message)
    {
        _ahead.Weigh(message);
        if (lane.Retries.SequenceOf(message.Key, message.StreamId.Number) is not null)
        {
            // An earlier one of its key waits in the retry queue.
            lane.Clear(message.StreamId.Number);
            _retries.Move(lane, message, TimeSpan.Zero, 0);
        }
        else
        {
            _lifecycle.Add(new(lane, message));
        }
    }

    /// <summary>Whether an appended message comes right after what was read, and is in the stream for certain: a lane owned since the
    /// world-line in which it was appended cannot have lost it.</summary>
    private bool IsNext(Lane lane, Position streamId) =>
        lane.State == LaneState.Delivering
        && lane.Refused == 0
        && lane.Retries.IsKnown
        && streamId.Number == lane.ReadUpTo.Number + 1
        && MayReadAhead
        && !lane.WasAcked(streamId.Number)
        && lane.WorldLine == streamId.WorldLine;

    private void Lose(Lane lane)
    {
        _lost.Add(1);
        Ownership.Lose([lane]);
    }
}

/// <summary>What was found of a message of the retry queue; <see cref="Message"/> is null where it is gone or damaged.</summary>
internal readonly record struct FetchedMessage(Message? Message, int Failures);
