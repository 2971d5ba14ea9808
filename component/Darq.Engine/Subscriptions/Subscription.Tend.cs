using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Engine.Subscriptions.Ownership;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Subscriptions;

/// <summary>The tender's rounds, keeping lanes over recoveries, losing them, and noticing that something was appended.</summary>
internal sealed partial class Subscription
{
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1);

    // Only the tender's, except that a handshake renews it.
    private Session? _session;

    /// <summary>
    /// Part of every handshake, before anything is sent again. Claims go on under new fencing tokens where nothing was lost
    /// and the session is the same; else everything in hand is dropped and claimed anew.
    /// </summary>
    private async Task ResumeAsync(Session session, bool lost, CancellationToken cancellation)
    {
        Lane[] held;
        string[] fencingTokens;
        lock (_lock)
        {
            if (_session != session || lost)
            {
                LoseOnHandshake([.. _lanes.Where(lane => lane.Held)]);
            }

            _session = session;
            held = [.. _lanes.Where(lane => lane.Held)];
            fencingTokens = [.. held.Select(lane => lane.FencingToken)];
        }
        _membership.Announce();
        _tend.Set();
        if (held.Length == 0)
        {
            return;
        }

        var answers = await _claims.ChangeAsync("resume", session, [.. held.Select(lane => lane.Partition)], fencingTokens, cancellation)
            ?? throw new RedisUnavailableException("Redis changed its process in the middle of a handshake.");
        lock (_lock)
        {
            for (var i = 0; i < held.Length; i++)
            {
                if (held[i].Held && ClaimResult.Parse(answers[i]) is { } holding)
                {
                    held[i].Continue(holding.FencingToken);
                }
                else
                {
                    LoseOnHandshake([held[i]]);
                }
            }
        }
    }

    /// <summary>
    /// Redis may still name us the holder, and then nobody else is given the lane: it is asked for once more, if only to
    /// hand it over. Under _lock.
    /// </summary>
    private void LoseOnHandshake(IReadOnlyList<Lane> lanes)
    {
        Lose(lanes);
        foreach (var lane in lanes)
        {
            lane.IsAsked = true;
        }
    }

    private async Task TendAsync(CancellationToken cancellation)
    {
        var round = _time.GetUtcNow();
        while (true)
        {
            // A reader that ran dry wants only its lanes armed; the safety net asks for all, once a round.
            var whole = _time.GetUtcNow() >= round;
            if (whole)
            {
                round = _time.GetUtcNow() + Round;
            }

            try
            {
                var session = await _primary.ReadyAsync(cancellation);
                lock (_lock)
                {
                    _session ??= session;
                }

                var heirs = Heirs(session);
                await HandOverAsync(heirs, session, cancellation);
                whole |= await ClaimAsync(heirs, session, whole, cancellation);
                await WatchTailsAsync(session, whole, cancellation);
            }
            catch (Exception fault) when (fault is RedisUnavailableException or RedisRefusedException or DarqException)
            {
                _log.TendingFailed(_topic, fault.Message);
            }
            var left = NextTurn(round) - _time.GetUtcNow();
            await _tend.WaitAsync(left > TimeSpan.Zero ? left : Round, cancellation);
        }
    }

    private async Task WatchTailsAsync(Session session, bool whole, CancellationToken cancellation)
    {
        (int Partition, long Known)[] asked;
        lock (_lock)
        {
            asked =
            [
                .. _lanes
                    .Where(lane => lane.Held && (whole || !lane.Armed && lane.Tail <= lane.ReadUpTo.Number))
                    .Select(lane => (lane.Partition, lane.ReadUpTo.Number)),
            ];
        }
        if (asked.Length == 0)
        {
            return;
        }

        var tails = await _claims.TailsAsync(session, asked, cancellation);
        lock (_lock)
        {
            for (var i = 0; i < asked.Length; i++)
            {
                var lane = _lanes[asked[i].Partition];
                lane.Tail = Math.Max(lane.Tail, tails[i]);
                lane.Armed = tails[i] == asked[i].Known;
            }
        }
        _read.Set();
    }

    /// <summary>Under _lock.</summary>
    private void Lose(IReadOnlyList<Lane> lanes)
    {
        if (lanes.Count == 0)
        {
            return;
        }

        Drop(lanes);
        _log.LanesWereLost(_group, lanes.Count, _topic);
        _tend.Set();
    }

    private void Drop(IReadOnlyList<Lane> lanes)
    {
        foreach (var lane in lanes)
        {
            foreach (var entry in lane.Entries)
            {
                if (entry.State == EntryState.Sent)
                {
                    _stillOut.Add((lane.Partition, entry.Message.StreamId));
                }

                Forget(entry);
            }
            _yielding.Remove(lane);
            _withHeldBack.Remove(lane);
            lane.Drop();
        }
    }
}
