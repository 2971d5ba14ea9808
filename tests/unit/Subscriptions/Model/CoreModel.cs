using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Acks;
using Darq.Engine.Subscriptions.Deliveries;

namespace Darq.Tests.Unit.Subscriptions.Model;

/// <summary>
/// The core in its shell's place: each event is followed by a dispatch, effects are collected, and all invariants are checked. Knows the
/// time, the session, who is awake, and how much of what Redis wrote this process was told of.
/// </summary>
internal sealed class CoreModel
{
    public const int Partitions = 3;
    public const string Group = "g";
    public const string Topic = "t";

    private const long Epoch = 1_700_000_000_000;

    private readonly Invariants _invariants;
    private readonly List<Action<Attempt>> _sent = [];

    public CoreModel(SubscriptionOptions options)
    {
        Options = options;
        Core = new(Group, Topic, Partitions, options, new Random(1));
        _invariants = new(this);
    }

    public SubscriptionOptions Options { get; }

    public SubscriptionCore Core { get; }

    public RedisModel Redis { get; } = new(Partitions);

    public TimeSpan Now { get; set; }

    public bool HasLapsed { get; set; }

    public string Session { get; set; } = "s1";

    /// <summary>Whether Redis can be asked: there was a handshake since the last crash.</summary>
    public bool IsReady { get; set; } = true;

    /// <summary>Whether the Redis process died, and no handshake with the next has begun.</summary>
    public bool HasCrashed { get; set; }

    /// <summary>Newest write that a reply told this process of. Losing it is a loss that the handshake tells of.</summary>
    public long Told { get; private set; }

    /// <summary>Workers that have something to do.</summary>
    public Workers Awake { get; set; } = Workers.All;

    /// <summary>When the clock looks again unless woken before.</summary>
    public TimeSpan? ClockDue { get; set; }

    /// <summary>Outcomes that Redis has to be told of, unanswered.</summary>
    public List<PendingSettlement> Settlements { get; } = [];

    /// <summary>How much has been done; where it stays the same, nothing more happens at this time.</summary>
    public long Progress { get; private set; }

    public Instant Instant => new(Now, UnixMs, HasLapsed);

    public long UnixMs => Epoch + (long)Now.TotalMilliseconds;

    public static long ToUnixMs(TimeSpan elapsed) => Epoch + (long)elapsed.TotalMilliseconds;

    public void OnSent(Action<Attempt> sent) => _sent.Add(sent);

    public void Tell(long lsn) => Told = Math.Max(Told, lsn);

    public void Forget(long after) => Told = Math.Min(Told, after);

    public bool IsAwake(Workers worker) => Awake.HasFlag(worker);

    public void Sleep(Workers worker) => Awake &= ~worker;

    public void Advance() => Progress++;

    public void Apply(Action<SubscriptionCore> happen) =>
        Apply(core =>
        {
            happen(core);
            return true;
        });

    public T Apply<T>(Func<SubscriptionCore, T> happen)
    {
        var result = happen(Core);
        Core.Dispatch(Instant);
        var effects = Core.TakeEffects();
        Awake |= effects.Workers;
        Settlements.AddRange(effects.Settlements.Select(settlement => new PendingSettlement(settlement)));
        Progress += effects.Attempts.Length + effects.Settlements.Length;
        foreach (var attempt in effects.Attempts)
        {
            _invariants.CheckSending(attempt);
            _sent.ForEach(sent => sent(attempt));
        }

        foreach (var settlement in effects.Settlements)
        {
            _invariants.CheckSettling(settlement);
        }

        _invariants.Check();
        return result;
    }

    /// <summary>What asks the invariants about apps and steps; set once.</summary>
    public AppModel Apps { get; set; } = null!;
}

/// <summary>An outcome on its way to Redis, and what came of it there.</summary>
internal sealed class PendingSettlement(Settlement settlement)
{
    public Settlement Settlement { get; } = settlement;

    public SettlementOutcome? Outcome { get; set; }

    public long Lsn { get; set; }
}
