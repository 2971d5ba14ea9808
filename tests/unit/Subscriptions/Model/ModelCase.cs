using Darq.Engine.Subscriptions;

namespace Darq.Tests.Unit.Subscriptions.Model;

/// <summary>
/// What can happen to the core or around it. An event that does not apply changes nothing, so that any part of a list is a list.
/// </summary>
internal enum Does
{
    // Publishers.
    Publish,
    PublishMany,
    PublishDamaged,
    PublishExpiring,
    PublishOwn,
    TellAppended,

    // Streams and their apps.
    OpenStream,
    CloseStream,
    PauseStream,
    UnpauseStream,
    Ack,
    Nack,
    Unclear,
    Conflict,
    AppGone,
    Release,
    AnswerAgain,
    AnswerMadeUp,
    StepStart,
    StepExecute,
    StepEnd,

    // Replies of Redis, and the loops that ask it.
    SettleExecute,
    SettleAnswer,
    Read,
    ReadAnswer,
    Move,
    MoveAnswer,
    Fetch,
    FetchAnswer,
    Rebalance,
    Work,

    // Wake-ups, time and the heartbeat.
    HearWakeUp,
    LoseWakeUp,
    WakeUpsMissed,
    Tick,
    TimePasses,
    Lapse,
    BeatAgain,

    // The Redis process and other owners.
    Crash,
    Restart,
    Handshake,
    Steal,
    OtherConsumes,
    OtherEnqueues,
    OtherReleases,
    OtherDies,
    Assign,
}

/// <summary>One event; the numbers pick what it is about, among what there is then.</summary>
internal readonly record struct ModelEvent(Does Does, int A, int B)
{
    public override string ToString() => $"    new(Does.{Does}, {A}, {B}),";
}

/// <summary>How the subscription of a case is set up, and what happens to it.</summary>
internal sealed record ModelCase(SubscriptionOptions Options, IReadOnlyList<ModelEvent> Events)
{
    /// <summary>The events as a test would list them.</summary>
    public override string ToString() => $"{Options}{Environment.NewLine}{string.Join(Environment.NewLine, Events)}";
}
