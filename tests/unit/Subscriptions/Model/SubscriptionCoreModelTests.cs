using System.Globalization;
using Darq.Engine.Subscriptions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Darq.Tests.Unit.Subscriptions.Model;

/// <summary>
/// Random events against the core beside a small model of Redis; see <see cref="Invariants"/> for what holds after each, and
/// <see cref="ModelRun"/> for the quiet phase that drains all. A failure prints its seed and the smallest list of events that fails.
/// </summary>
public sealed class SubscriptionCoreModelTests
{
    // DARQ_MODEL_CASES asks for more of them.
    private static readonly string Cases = Environment.GetEnvironmentVariable("DARQ_MODEL_CASES") ?? "100";

    private static readonly SubscriptionOptions Options = new()
    {
        MaxInFlight = 8,
        MaxRetryDelay = TimeSpan.FromSeconds(3),
    };

    [Fact]
    public void Whatever_happens_messages_are_delivered_in_order_until_they_are_done() =>
        Check(from variant in Variant select variant);

    [Fact]
    public void Whatever_happens_an_attempt_that_is_not_answered_in_time_fails_once() =>
        Check(
            from variant in Variant
            from milliseconds in Gen.Elements(200, 1000)
            select variant with { ProcessingTimeout = TimeSpan.FromMilliseconds(milliseconds) }
        );

    [Fact]
    public void Whatever_happens_a_message_that_needs_a_step_is_done_by_one() =>
        Check(
            from variant in Variant
            from milliseconds in Gen.Elements(0, 500)
            select variant with { RequireStep = true, ProcessingTimeout = TimeSpan.FromMilliseconds(milliseconds) }
        );

    [Fact]
    public void However_much_is_published_no_more_is_in_memory_than_may_be()
    {
        var flood = Enumerable.Range(0, 40).Select(i => new ModelEvent(Does.PublishMany, i, 0));

        ModelRun.Run(new(Options with { Concurrent = true }, [.. flood, new(Does.TimePasses, 6, 0), new(Does.Work, 0, 0)]));
    }

    private static Gen<SubscriptionOptions> Variant =>
        from order in Gen.Elements(Order.Key, Order.Key, Order.Partition, Order.None)
        from concurrent in Gen.Elements(false, true)
        from deliveries in Gen.Elements(0, 0, 1, 3)
        from queueAfter in Gen.Elements(50, 500)
        select Options with
        {
            Order = order,
            Concurrent = concurrent,
            MaxDeliveries = deliveries,
            RetryQueueAfter = TimeSpan.FromMilliseconds(queueAfter),
        };

    private static void Check(Gen<SubscriptionOptions> options) =>
        Prop.ForAll(ModelCases.Arbitrary(options), ModelRun.Run)
            .Check(Config.QuickThrowOnFailure.WithMaxTest(int.Parse(Cases, CultureInfo.InvariantCulture)));
}
