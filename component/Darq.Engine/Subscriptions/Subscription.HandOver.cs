using Darq.Engine.Connection;
using Darq.Engine.Redis;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Subscriptions;

/// <summary>
/// Handing lanes over to the member that should hold them. A lane yields: nothing more of it is sent, and once what is out
/// was answered and passed it is let go. A handler that takes longer must not starve its lane: it delivers on for a while.
/// </summary>
internal sealed partial class Subscription
{
    private static readonly TimeSpan YieldsFor = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan KeepsFor = TimeSpan.FromSeconds(5);

    // Under _lock.
    private readonly HashSet<Lane> _yielding = [];

    // The tender's: lanes dropped here that Redis may not have heard of, with the fencing token.
    private readonly Dictionary<int, string> _owed = [];

    private async Task HandOverAsync(string[]? heirs, Session session, CancellationToken cancellation)
    {
        lock (_lock)
        {
            var isTaking = IsTaking;
            foreach (var lane in _lanes)
            {
                Turn(lane, isOurs: heirs is null || heirs[lane.Partition] == session.Id, isTaking);
            }

            LetGo([.. _yielding.Where(IsDrained)]);
        }
        if (_owed.Count == 0)
        {
            return;
        }

        var heirsOf = _owed.Keys.GroupBy(partition => heirs?[partition] ?? "").ToDictionary(heir => heir.Key, heir => heir.Count());
        if (!await ReleaseAsync(session, cancellation))
        {
            return;
        }

        foreach (var (heir, count) in heirsOf)
        {
            _log.LanesWereHandedOver(_group, count, _topic, heir.Length > 0 ? heir : "nobody");
        }
    }

    /// <summary>
    /// Lets a lane begin to yield, or end it; while no stream takes messages there is nothing to go on with, and no hurry to
    /// end it. Under _lock.
    /// </summary>
    private void Turn(Lane lane, bool isOurs, bool isTaking)
    {
        var now = _time.GetUtcNow();
        if (lane.State == LaneState.Delivering && !isOurs && (!isTaking || lane.TurnsAt <= now && !lane.IsSuspicious))
        {
            lane.Yield(now + YieldsFor);
            _yielding.Add(lane);
        }
        else if (lane.State == LaneState.Yielding && (isOurs || isTaking && lane.TurnsAt <= now && !IsDrained(lane)))
        {
            lane.Keep(isOurs ? default : now + KeepsFor);
            _yielding.Remove(lane);
            _dispatch.Set();
            _read.Set();
        }
    }

    /// <summary>Whether a yielding lane has become free to go. Under _lock.</summary>
    private bool HasDrained() => _yielding.Count > 0 && _yielding.Any(IsDrained);

    private bool IsDrained(Lane lane) =>
        !lane.HasOut && lane.RetryQueue.IsTold && !_stillOut.Any(message => message.Partition == lane.Partition);

    /// <summary>When the tender has to look again.</summary>
    private DateTimeOffset NextTurn(DateTimeOffset round)
    {
        lock (_lock)
        {
            return IsTaking && _yielding.Count > 0 && _yielding.Min(lane => lane.TurnsAt) is var turn && turn < round ? turn : round;
        }
    }

    /// <summary>Under _lock.</summary>
    private void LetGo(IReadOnlyList<Lane> lanes)
    {
        foreach (var lane in lanes)
        {
            _owed[lane.Partition] = lane.FencingToken;
        }

        Drop(lanes);
    }

    /// <summary>
    /// Tells Redis of the lanes that were let go. What fails is tried again in the next round; nobody else can do it while we are alive.
    /// </summary>
    private async Task<bool> ReleaseAsync(Session session, CancellationToken cancellation)
    {
        var answers = await _claims.ChangeAsync("release", session, [.. _owed.Keys], [.. _owed.Values], cancellation);
        if (answers is null)
        {
            _primary.Invalidate("NEEDS_RECOVERY");
        }
        else
        {
            _owed.Clear();
        }

        return answers is not null;
    }

    /// <summary>Gives all lanes up at the end, so that nobody need wait for our heartbeat to lapse. The loops have ended.</summary>
    private async Task LetAllGoAsync()
    {
        Session? session;
        lock (_lock)
        {
            LetGo([.. _lanes.Where(lane => lane.Held)]);
            session = _session;
        }
        if (session is null || _owed.Count == 0)
        {
            return;
        }

        using var timeout = new CancellationTokenSource(Round * 2, _time);
        try
        {
            await ReleaseAsync(session, timeout.Token);
        }
        catch (Exception fault) when (fault is OperationCanceledException or RedisUnavailableException or RedisRefusedException)
        {
            // The heartbeat lapses instead.
            _log.TendingFailed(_topic, fault.Message);
        }
    }
}
