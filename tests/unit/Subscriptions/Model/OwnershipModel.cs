using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Ownership;

namespace Darq.Tests.Unit.Subscriptions.Model;

/// <summary>
/// Who owns lanes: the loop that claims and releases, one call to Redis at a time, handshakes after crashes, and other processes that
/// take lanes, work on them, let them go and die.
/// </summary>
internal sealed class OwnershipModel : IMembershipView
{
    private static readonly TimeSpan WholeRound = TimeSpan.FromSeconds(1);

    private readonly CoreModel _model;
    private readonly HashSet<string> _dead = [];
    private readonly bool?[] _isOurs = [.. Enumerable.Repeat((bool?)true, CoreModel.Partitions)];
    private IEnumerator<int>? _round;
    private TimeSpan _lastWhole = -WholeRound;
    private TimeSpan _nextTurn;
    private IReadOnlyList<Claim>? _resumed;
    private long _survived = long.MaxValue;
    private int _others;
    private int _sessions = 1;

    public OwnershipModel(CoreModel model) => _model = model;

    public long Begun { get; private set; }

    public bool IsDead(string session, long beat) => _dead.Contains(session);

    /// <summary>One more part of a round: up to the next call, its execution, or its answer.</summary>
    public void Rebalance()
    {
        if (_round is null)
        {
            if (!_model.IsReady || !_model.IsAwake(Workers.Rebalancer) && _nextTurn > _model.Now || _model.Core.IsIdle)
            {
                return;
            }

            _model.Sleep(Workers.Rebalancer);
            _round = Round();
        }

        _model.Advance();
        if (!_round.MoveNext())
        {
            _round = null;
            var turn = _model.Core.NextTurn ?? TimeSpan.MaxValue;
            _nextTurn = turn < _lastWhole + WholeRound ? turn : _lastWhole + WholeRound;
        }
    }

    public void FinishRound()
    {
        while (_round is not null)
        {
            Rebalance();
        }
    }

    /// <summary>The Redis process dies, and its newest writes with it.</summary>
    public void Crash(int lost)
    {
        _model.Redis.LoseSuffix(lost);
        // Another process recovers it first.
        _model.Redis.Recover();
        _survived = Math.Min(_survived, _model.Redis.Lsn);
        (_model.IsReady, _model.HasCrashed, _resumed) = (false, true, null);
    }

    /// <summary>Half a handshake; after a crash one is needed. True if its first half has just been made after a crash.</summary>
    public bool Handshake(int how)
    {
        if (_resumed is { } resumed)
        {
            ClaimResult[] results = [.. resumed.Select(claim => _model.Redis.Resume(claim, _model.Session))];
            (_resumed, _model.IsReady) = (null, true);
            _model.Apply(core => core.OnResumed(resumed, results));
            return false;
        }

        if (!_model.HasCrashed && how % 8 != 0)
        {
            return false;
        }

        var hadCrashed = _model.HasCrashed;
        if (how % 5 == 0)
        {
            _dead.Add(_model.Session);
            _model.Session = $"s{++_sessions}";
        }

        var isLoss = _model.Told > _survived;
        _model.Forget(_survived);
        _survived = long.MaxValue;
        (_model.HasCrashed, _model.IsReady) = (false, false);
        _resumed = _model.Apply(core => core.OnSession(_model.Session, isLoss));
        return hadCrashed;
    }

    public bool NeedsHandshake => _model.HasCrashed || _resumed is not null;

    public void Lapse() => _model.HasLapsed = true;

    public void BeatAgain()
    {
        if (_model.HasLapsed)
        {
            _model.Apply(core => core.OnLapsed());
            _model.HasLapsed = false;
        }

        Begun++;
        _model.Awake |= Workers.Rebalancer | Workers.Clock;
    }

    /// <summary>Another takes a lane, from whomever.</summary>
    public void Steal(int partition)
    {
        if (!_model.HasCrashed)
        {
            _model.Redis.Take(_model.Redis.Partitions[partition], $"o{++_others}");
        }
    }

    public void OtherConsumes(int partition)
    {
        var at = _model.Redis.Partitions[partition];
        if (IsOther(at.Owner) && at.Stream.Find(message => !at.IsOver(message)) is { } first)
        {
            _model.Redis.Finish(at, first.StreamId, "other");
        }
    }

    public void OtherEnqueues(int partition, int failures)
    {
        var at = _model.Redis.Partitions[partition];
        var left = at.Stream.Where(message => !message.IsDamaged && !at.IsAcked(message.StreamId.Number));
        foreach (var message in IsOther(at.Owner) ? left : [])
        {
            _model.Redis.Enqueue(at, message.StreamId.Number, _model.UnixMs + 300 * failures, failures % 3);
        }
    }

    public void OtherReleases(int partition, bool isHeard)
    {
        var at = _model.Redis.Partitions[partition];
        if (!IsOther(at.Owner))
        {
            return;
        }

        _model.Redis.Release(partition, at.Owner!, at.Token);
        if (isHeard)
        {
            _model.Apply(core => core.OnReleasedByOther(partition));
        }
    }

    public void OthersDie()
    {
        foreach (var at in _model.Redis.Partitions.Where(at => IsOther(at.Owner)))
        {
            _dead.Add(at.Owner!);
        }
    }

    /// <summary>Members are known anew: a lane should be ours, another's, or nobody's.</summary>
    public void Assign(int partition, int how)
    {
        _isOurs[partition] =
            how % 4 < 2 ? true
            : how % 4 == 2 ? false
            : null;
        _model.Awake |= Workers.Rebalancer | Workers.Clock;
    }

    private IEnumerator<int> Round()
    {
        var isWhole = _model.Now - _lastWhole >= WholeRound;
        _lastWhole = isWhole ? _model.Now : _lastWhole;
        var session = _model.Session;
        string[] assignment =
        [
            .. _isOurs.Select(isOurs =>
                isOurs is null ? ""
                : isOurs.Value ? session
                : "another"
            ),
        ];

        var releases = _model.Apply(core => core.NextReleases(assignment, session, _model.Instant));
        if (releases.Count > 0)
        {
            CheckReleases(releases.Keys);
            yield return 0;
            if (IsRefused())
            {
                yield break;
            }

            foreach (var (partition, token) in releases)
            {
                _model.Redis.Release(partition, session, token);
            }

            yield return 0;
            _model.Apply(core => core.Ownership.OnReleased(releases));
        }

        var claims = _model.Apply(core => core.NextClaims(assignment, session, isWhole, this));
        if (claims.Count > 0)
        {
            yield return 0;
            if (IsRefused())
            {
                yield break;
            }

            ClaimResult[] results = [.. claims.Select(claim => _model.Redis.Claim(claim, session))];
            yield return 0;
            isWhole |= _model.Apply(core => core.OnClaimed(claims, session, results, this)).Count > 0;
        }

        var questions = _model.Apply(core => core.Ownership.NextTails(isWhole));
        if (questions.Count > 0)
        {
            yield return 0;
            if (IsRefused())
            {
                yield break;
            }

            LaneTail[] tails = [.. questions.Select(of => new LaneTail(_model.Redis.Tail(of.Lane.Partition, of.Known, session), ""))];
            yield return 0;
            _model.Apply(core => core.Ownership.OnTails(questions, tails));
        }
    }

    /// <summary>A lane is let go once nobody works on its messages, unless they take too long.</summary>
    private void CheckReleases(IEnumerable<int> partitions)
    {
        var released = partitions.ToHashSet();
        var early = _model.Apps.Unanswered.FirstOrDefault(of => released.Contains(of.Token.Partition) && !of.Attempt.MayGoElsewhere);
        Violation.Unless(early is null, $"the lane was let go before {early} was answered");
    }

    /// <summary>Whether a call fails because Redis is away; the loop then begins again.</summary>
    private bool IsRefused()
    {
        _model.Awake |= _model.IsReady ? Workers.None : Workers.Rebalancer;
        return !_model.IsReady;
    }

    private static bool IsOther(string? owner) => owner?.StartsWith('o') == true;
}
