using Darq.Engine.Core;
using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Acks;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Engine.Subscriptions.Ownership;
using Darq.Engine.Telemetry;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Unit.Subscriptions;

/// <summary>A core of one partition without its shell: its time, what it sends and settles, and what it logs.</summary>
public abstract class CoreTests : IDeliveryOutlet, IMembershipView
{
    private SubscriptionCore? _core;
    private TimeSpan _now;

    /// <summary>Of the subscription and of streams that are opened without others; fixed by the first use of the core.</summary>
    private protected SubscriptionOptions Options { get; set; } = new();

    private protected SubscriptionCounters Counters { get; } = new(new("n", "g", "t"));

    private protected SubscriptionCore Core => _core ??= new("g", "t", 1, Options, new Random(1), counters: Counters);

    private protected Lane Lane => Core.Lanes[0];

    private protected Instant Now => new(_now, 0);

    private protected List<Attempt> Sent { get; } = [];

    private protected List<Settlement> Settlements { get; } = [];

    private protected RecordedLog Log { get; } = new();

    /// <summary>What the clock was set to.</summary>
    private protected TimeSpan? ClockDue { get; private set; }

    string IDeliveryOutlet.SubscribedTopic => "t";

    bool IDeliveryOutlet.HasRoom => true;

    long IMembershipView.Begun => 0;

    void IDeliveryOutlet.Send(Delivery delivery) { }

    void IDeliveryOutlet.WriteOut() { }

    bool IMembershipView.IsDead(string session, long beat) => false;

    private protected static long Number(Attempt attempt) => attempt.Message.Message.StreamId.Number;

    private protected static DeliveryToken TokenOf(Attempt attempt) =>
        new("s1", "g", "t", 0, attempt.Message.Message.StreamId, attempt.Number, "i");

    private protected StreamWindow Open(SubscriptionOptions? options = null, AppPresence? app = null) =>
        Apply(core => core.Open(this, options ?? Options, app ?? new(), Now));

    private protected void Close(StreamWindow stream) => Apply(core => core.Close(stream, Now));

    private protected void Claim(string answer = "OK 1.1 0-0 0 0")
    {
        var claims = Apply(core => core.NextClaims(["s1"], "s1", true, this));
        Assert.Single(Apply(core => core.OnClaimed(claims, "s1", [ClaimResult.Parse(answer)], this)));
    }

    private protected void Lose() => Apply(core => core.OnSession("s1", lost: true));

    private protected void Read(long number, long worldLine = 1, string key = "", string id = "")
    {
        Apply(core => core.OnWakeUp(0, number, ""));
        var read = Apply(core => core.NextRead());
        Assert.NotNull(read);
        var streamId = new Position(worldLine, number);
        Apply(core => core.OnRead(read, [new(streamId, new(0, streamId, id, key, default, default, long.MaxValue, streamId))]));
    }

    private protected void AnswerTo(Attempt attempt, Answer answer, string conflictKeys = "") =>
        Apply(core => core.OnAnswer(attempt.Stream, TokenOf(attempt), answer, Now, conflictKeys));

    private protected void StartStep(Attempt attempt) => Assert.Same(attempt, Apply(core => core.OnStepStarted(TokenOf(attempt))));

    /// <param name="attempt">What the step names.</param>
    /// <param name="end">What became of it.</param>
    /// <param name="isLate">Whether the attempt was not out any more when the step was sent.</param>
    private protected void EndStep(Attempt attempt, StepEnd end, bool isLate = false) =>
        Apply(core => core.OnStepEnded(TokenOf(attempt), isLate ? null : attempt, end, Lane.FencingToken, Now));

    /// <summary>What Redis makes of the last outcome.</summary>
    private protected void Settle(SettlementOutcome outcome) => Apply(core => core.OnSettled(Settlements[^1], outcome, Now));

    private protected void Pass(TimeSpan time)
    {
        _now += time;
        Tick();
    }

    private protected void Tick()
    {
        Apply(core => core.OnTick(Now));
        ClockDue = Core.Arm();
    }

    private protected void Apply(Action<SubscriptionCore> happen) =>
        Apply(core =>
        {
            happen(core);
            return true;
        });

    private protected T Apply<T>(Func<SubscriptionCore, T> happen)
    {
        var result = happen(Core);
        Core.Dispatch(Now);
        var effects = Core.TakeEffects();
        Sent.AddRange(effects.Attempts);
        Settlements.AddRange(effects.Settlements);
        foreach (var line in effects.Lines)
        {
            line(Log);
        }

        if (effects.Workers.HasFlag(Workers.Clock))
        {
            ClockDue = Core.Arm();
        }

        return result;
    }
}
