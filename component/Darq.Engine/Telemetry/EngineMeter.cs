using System.Diagnostics.Metrics;
using static Darq.Engine.Telemetry.Measurements;

namespace Darq.Engine.Telemetry;

/// <summary>
/// The meter <c>Darq</c> with all instruments of the engine. Each only reads what the engine counts anyway, so that a number is right
/// from the start of the process even where the first reader comes late, and costs nothing while nobody reads. docs/metrics.md has the
/// list.
/// </summary>
internal static class EngineMeter
{
    public const string Name = "Darq";

    private static readonly Meter Instance = new(Name);

    static EngineMeter()
    {
        PublishNamespaces();
        PublishDurability();
        PublishMessages();
        PublishDeliveries();
        PublishLanesAndLoops();
    }

    /// <summary>Makes the instruments. Safe to repeat.</summary>
    public static void Publish() => _ = Instance;

    private static void PublishNamespaces()
    {
        Gauge("darq.connected", "{connection}", "1 while the handshake with Redis stands, else 0", OfPrimaries(of => of.Min(IsReady)));
        Gauge("darq.requests.waiting", "{request}", "Requests not sent yet", OfPrimaries(of => of.Sum(one => (long)one.RequestsWaiting)));
        Counter("darq.recoveries", "{recovery}", "World-lines begun while this process was at work", OfNamespaces(of => of.Recoveries));
        Counter("darq.losses", "{loss}", "Times that Redis had lost writes which it had applied", OfNamespaces(of => of.Losses));
        Counter("darq.batches.answered", "{batch}", "Batches that Redis answered", OfNamespaces(of => of.Batches));
        Counter("darq.batches.requests", "{request}", "Requests in the batches answered", OfNamespaces(of => of.Requests));
        Counter(
            "darq.batches.failed",
            "{batch}",
            "Sendings of a batch that brought no answer",
            NamespacesByReason(CounterReasons.BatchFailures, of => of.FailedBatches)
        );
        Counter("darq.steps.ended", "{step}", "Steps by outcome", NamespacesByReason(CounterReasons.StepOutcomes, of => of.EndedSteps));
        Counter(
            "darq.steps.cross_partition",
            "{step}",
            "Steps that touch several partitions, which a Redis Cluster of several shards could not do",
            OfNamespaces(of => of.CrossPartitionSteps)
        );

        static long IsReady(IObservedPrimary primary) => primary.Ready ? 1 : 0;
    }

    private static void PublishDurability()
    {
        Gauge(
            "darq.durability.durable",
            "{namespace}",
            "1 while a disk or a replica vouches for what was answered, 0 while a power cut may undo it",
            OfPrimaries(of => of.Min(one => one.IsDurable ? 1L : 0L))
        );
        Gauge(
            "darq.durability.stalled",
            "s",
            "For how long writes have not become durable; answers and deliveries wait for that",
            OfPrimaries(of => of.Max(one => (long)one.DurabilityStalledFor.TotalSeconds))
        );
        Gauge(
            "darq.durability.held",
            "{namespace}",
            "1 while answers and deliveries are held, because Redis lost what it had confirmed and no operator has accepted that",
            OfPrimaries(of => of.Max(one => one.IsHeld ? 1L : 0L))
        );
        Counter("darq.durability.rounds", "{round}", "Rounds that confirmed writes as durable", OfNamespaces(of => of.DurabilityRounds));
        Counter(
            "darq.durability.broken_promises",
            "{loss}",
            "Times that Redis had lost writes which it had confirmed as durable",
            OfNamespaces(of => of.BrokenPromises)
        );
    }

    private static void PublishMessages()
    {
        Counter("darq.messages.appended", "{message}", "Messages that this process appended", OfTopics(of => of.Appended));
        Counter("darq.messages.duplicate", "{message}", "Messages that Redis had already", OfTopics(of => of.Duplicates));
        Counter("darq.messages.acked", "{message}", "Messages acknowledged without a step", OfSubscriptions(of => of.Acked));
        Counter("darq.messages.consumed", "{message}", "Messages that a step consumed", OfSubscriptions(of => of.Consumed));
        Counter("darq.messages.expired", "{message}", "Messages that expired before their delivery", OfSubscriptions(of => of.Expired));
        Counter(
            "darq.messages.dead_lettered",
            "{message}",
            "Messages that the group gave up",
            SubscriptionsByReason(CounterReasons.GiveUps, of => of.DeadLettered)
        );
        Gauge(
            "darq.retries.waiting",
            "{message}",
            "Messages that wait for their next delivery after a failure, and the later ones of their key in the retry queue",
            OfLive(of => of.Sum(one => (long)one.RetriesWaiting))
        );
    }

    private static void PublishDeliveries()
    {
        Counter("darq.deliveries.sent", "{delivery}", "Attempts to hand a message to an app", OfSubscriptions(of => of.Sent));
        Counter(
            "darq.deliveries.failed",
            "{delivery}",
            "Attempts that failed",
            SubscriptionsByReason(CounterReasons.DeliveryFailures, of => of.Failed)
        );
        Counter(
            "darq.deliveries.fenced",
            "{delivery}",
            "Acks, steps and moves to the retry queue that Redis refused because another process owns the lane",
            OfSubscriptions(of => of.Fenced)
        );
        Gauge("darq.deliveries.in_flight", "{delivery}", "Unanswered deliveries", OfLive(of => of.Sum(one => (long)one.InFlight)));
        Gauge("darq.deliveries.oldest_age", "s", "Age of the oldest unanswered delivery", OfLive(of => of.Max(OldestSeconds)));
        Gauge("darq.streams.open", "{stream}", "Streams that sidecars hold open", OfLive(of => of.Sum(one => (long)one.Streams)));

        static double OldestSeconds(SubscriptionGauges gauges) => gauges.OldestUnanswered.TotalSeconds;
    }

    private static void PublishLanesAndLoops()
    {
        Gauge("darq.lanes.owned", "{lane}", "Lanes that this process owns", OfLive(of => of.Sum(one => (long)one.Lanes)));
        Gauge(
            "darq.lanes.damaged",
            "{lane}",
            "Lanes that this process cannot deliver because a key of theirs is damaged; the log names it, and darq repair mends it",
            OfLive(of => of.Sum(one => (long)one.DamagedLanes))
        );
        Counter("darq.lanes.lost", "{lane}", "Lanes lost to another process or by a recovery", OfSubscriptions(of => of.LanesLost));
        Counter(
            "darq.lanes.taken_over",
            "{lane}",
            "Lanes taken over from a process that went silent",
            OfSubscriptions(of => of.LanesTakenOver)
        );
        Gauge("darq.loop.age", "s", "Time since the last good round of a loop; 0 while it waits for work", LoopMetrics.Ages);
        Counter("darq.loop.failures", "{round}", "Rounds of a loop that ended in a fault", LoopMetrics.Failures);
    }

    private static void Counter(string name, string unit, string description, Func<IEnumerable<Measurement<long>>> read) =>
        Instance.CreateObservableCounter(name, read, unit, description);

    private static void Gauge<T>(string name, string unit, string description, Func<IEnumerable<Measurement<T>>> read)
        where T : struct => Instance.CreateObservableGauge(name, read, unit, description);
}
