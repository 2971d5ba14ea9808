using Darq.Engine.Subscriptions;
using FsCheck;
using FsCheck.Fluent;

namespace Darq.Tests.Unit.Subscriptions.Model;

/// <summary>Random cases, and how a failing one is made smaller: events are left out, many at a time first.</summary>
internal static class ModelCases
{
    public const int Events = 200;

    private static readonly (int Weight, Does[] What)[] Calm =
    [
        (12, [Does.Publish, Does.Ack, Does.Work]),
        (8, [Does.SettleAnswer, Does.Rebalance, Does.Read, Does.ReadAnswer, Does.Tick, Does.TimePasses, Does.StepEnd]),
        (6, [Does.Nack, Does.PublishOwn, Does.TellAppended, Does.StepStart, Does.StepExecute]),
        (5, [Does.SettleExecute, Does.Fetch, Does.FetchAnswer, Does.Move, Does.MoveAnswer, Does.HearWakeUp]),
        (3, [Does.OpenStream, Does.Handshake, Does.OtherReleases, Does.OtherDies, Does.BeatAgain]),
        (2, [Does.CloseStream, Does.Release, Does.AppGone, Does.Conflict, Does.Unclear, Does.Crash, Does.Assign, Does.UnpauseStream]),
        (
            1,
            [
                Does.PublishMany,
                Does.PublishDamaged,
                Does.PublishExpiring,
                Does.PauseStream,
                Does.AnswerAgain,
                Does.AnswerMadeUp,
                Does.LoseWakeUp,
                Does.WakeUpsMissed,
                Does.Lapse,
                Does.Steal,
                Does.OtherConsumes,
                Does.OtherEnqueues,
            ]
        ),
    ];

    // What a calm case has, and more of what seldom happens: losses, other owners, replies that come late or say no.
    private static readonly (int Weight, Does[] What)[] Stormy =
    [
        .. Calm,
        (8, [Does.Handshake, Does.Rebalance, Does.Nack, Does.Fetch, Does.Read, Does.TellAppended]),
        (4, [Does.Crash, Does.Steal, Does.OtherEnqueues, Does.OtherConsumes, Does.StepEnd, Does.FetchAnswer, Does.PublishOwn]),
        (2, [Does.Lapse, Does.CloseStream, Does.OpenStream]),
    ];

    // Redis loses what steps, acknowledgements and moves have just changed.
    private static readonly (int Weight, Does[] What)[] Losing =
    [
        .. Calm,
        (24, [Does.StepStart, Does.StepEnd, Does.Work]),
        (12, [Does.Restart, Does.Publish]),
    ];

    public static Arbitrary<ModelCase> Arbitrary(Gen<SubscriptionOptions> options) =>
        Arb.From(
            from chosen in options
            from events in Gen.OneOf(Event(Calm).ArrayOf(Events), Event(Stormy).ArrayOf(Events), Event(Losing).ArrayOf(Events))
            select new ModelCase(chosen, events),
            Smaller
        );

    private static Gen<ModelEvent> Event((int Weight, Does[] What)[] weights) =>
        from does in Gen.Frequency(weights.SelectMany(of => of.What, (of, what) => (of.Weight, Gen.Constant(what))))
        from a in Gen.Choose(0, 31)
        from b in Gen.Choose(0, 31)
        select new ModelEvent(does, a, b);

    private static IEnumerable<ModelCase> Smaller(ModelCase failed)
    {
        var events = failed.Events;
        for (var length = events.Count; length >= 1; length /= 2)
        {
            for (var from = 0; from + length <= events.Count; from += length)
            {
                yield return failed with
                {
                    Events = [.. events.Take(from), .. events.Skip(from + length)],
                };
            }
        }
    }
}
