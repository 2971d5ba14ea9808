using Darq.Testing;
using Darq.Tests.Sdk.App;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Darq.Tests.Sdk.Testing;

public sealed class CrashPointsTests
{
    private Payments _payments = new();

    [Fact]
    public async Task Orders_survive_a_crash_at_every_point() =>
        Assert.Equal(14, await CrashPoints.CheckAsync<Program>(TwoOrdersAsync, observe: _ => _payments.Count, configure: Renew));

    private static async Task TwoOrdersAsync(DarqTestHost darq)
    {
        darq.State.Set("stock-tea", 5);
        await darq.Publish("orders", new Order("1", "tea", 2), key: "ann");
        await darq.Publish("orders", new Order("2", "tea", 1), key: "ann");
    }

    private void Renew(DarqTestOptions options)
    {
        _payments = new Payments(); // outlives a crash, but not a run
        options.ConfigureServices(services => services.AddSingleton(_payments));
    }

    [Fact]
    public async Task Step_of_the_SDK_survives_a_crash_at_every_point() =>
        Assert.True(
            await CrashPoints.CheckAsync<Program>(
                async darq =>
                {
                    darq.State.Set("stock-tea", 5);
                    await darq.Publish("parcels", new Order("1", "tea", 2), key: "ann");
                    await darq.Publish("parcels", new Order("2", "tea", 9), key: "ann");
                },
                observe: _ => _payments.Count,
                configure: Renew
            ) >= 14
        );

    [Fact]
    public async Task Scenario_that_fails_without_a_crash_checks_nothing()
    {
        var thrown = await Assert.ThrowsAsync<DarqTestException>(() =>
            CrashPoints.CheckAsync<Program>(darq => darq.Publish("poison", new Order("1", "tea", 2)))
        );

        Assert.StartsWith("Without a crash already messages become dead letters", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("there is no tea", thrown.Message, StringComparison.Ordinal);
        await CrashPoints.CheckAsync<Program>(darq => darq.Publish("poison", new Order("1", "tea", 2)), allowsDeadLetters: true);
    }

    [Fact]
    public Task Step_through_the_binding_survives_a_crash_at_every_point() =>
        CrashPoints.CheckAsync<Program>(darq => darq.Publish("bound", new Order("1", "tea", 2)));

    [Theory]
    [InlineData(
        "direct",
        "after call 2 (PublishEvent shipped) took effect, before its answer",
        """message of topic 'shipped': {"id":"1"}"""
    )]
    [InlineData("outside", "after call 2 (SaveState stock-tea) took effect, before its answer", "state 'stock-tea': 1")]
    [InlineData("keyless", "before call 2 (ExecuteStateTransaction order-1, stock-tea) took effect", "observed: 2")]
    public async Task Handler_that_is_not_safe_is_found_with_the_point_and_the_difference(string topic, string point, string difference)
    {
        var thrown = await Assert.ThrowsAsync<CrashPointException>(() =>
            CrashPoints.CheckAsync<Program>(
                async darq =>
                {
                    darq.State.Set("stock-tea", 5);
                    await darq.Publish(topic, new Order("1", "tea", 2), id: "a");
                },
                observe: _ => _payments.Count,
                configure: Renew
            )
        );

        Assert.Matches("^Crash point [0-9]+ of [0-9]+, seed 1: ", thrown.Message);
        Assert.Contains(
            $"{point}, at attempt 1 of message a of topic '{topic}'. What came of it differs.\n",
            thrown.Message,
            StringComparison.Ordinal
        );
        Assert.Contains($"Only with the crash:\n  {difference}", thrown.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Messages of different keys", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Crash_point_that_was_found_can_be_run_alone()
    {
        var starts = 0;
        Task Scenario(DarqTestHost darq)
        {
            starts++;
            darq.State.Set("stock-tea", 5);
            return darq.Publish("direct", new Order("1", "tea", 2), id: "a");
        }

        var found = await Assert.ThrowsAsync<CrashPointException>(() =>
            CrashPoints.CheckAsync<Program>(Scenario, configure: options => options.Seed = 7)
        );
        Assert.EndsWith(
            "await CrashPoints.RunAsync<Program>(scenario, \"direct/a/1 AfterCall PublishEvent shipped\", seed: 7);",
            found.Message,
            StringComparison.Ordinal
        );

        starts = 0;
        var alone = await Assert.ThrowsAsync<CrashPointException>(() =>
            CrashPoints.RunAsync<Program>(Scenario, "direct/a/1 AfterCall PublishEvent shipped", seed: 7)
        );
        Assert.Contains("Only with the crash:\n  message of topic 'shipped'", alone.Message, StringComparison.Ordinal);
        // With the crash, and twice without it: whether those are the same is asked where the crash makes a difference.
        Assert.Equal(3, starts);
        await CrashPoints.RunAsync<Program>(Scenario, "direct/a/1 BeforeHandler");
    }

    [Fact]
    public async Task Crash_point_that_never_comes_is_told_with_those_that_do()
    {
        var thrown = await Assert.ThrowsAsync<DarqTestException>(() =>
            CrashPoints.RunAsync<Program>(darq => darq.Publish("plain", new Order("1", "tea", 2), id: "a"), "plain/b/1 BeforeHandler")
        );

        Assert.StartsWith("Crash point \"plain/b/1 BeforeHandler\". It did not come again", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("\nplain/a/1 BeforeCall SaveState plain-1\n", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Order_of_different_keys_is_named_as_a_cause_and_can_be_left_out()
    {
        static async Task RaceAsync(DarqTestHost darq)
        {
            foreach (var key in new[] { "ann", "bob", "cid", "dan", "eve" })
            {
                await darq.Publish("race", new Order(key, "tea", 2), id: key, key: key);
            }
        }

        var thrown = await Assert.ThrowsAsync<CrashPointException>(() => CrashPoints.CheckAsync<Program>(RaceAsync));
        var tried = await CrashPoints.CheckAsync<Program>(
            RaceAsync,
            observe: darq => darq.State.Get<string[]>("arrived")!.Order(),
            ignoredKeys: key => key == "arrived"
        );

        Assert.Contains("Messages of different keys come in any order", thrown.Message, StringComparison.Ordinal);
        Assert.True(tried > 25);
    }

    [Fact]
    public async Task What_differs_without_a_crash_already_is_no_crash_s_fault()
    {
        static Task Scenario(DarqTestHost darq) => darq.Publish("counted", new Order("1", "tea", 2), id: "a");

        var check = await Assert.ThrowsAsync<DarqTestException>(() => CrashPoints.CheckAsync<Program>(Scenario));
        var run = await Assert.ThrowsAsync<DarqTestException>(() => CrashPoints.RunAsync<Program>(Scenario, "counted/a/1 BeforeHandler"));

        Assert.All(
            [check, run],
            thrown =>
            {
                Assert.StartsWith("Two runs without a crash differ already", thrown.Message, StringComparison.Ordinal);
                Assert.Matches("Only in one:\n  message of topic 'shipped': {\"id\":\"[0-9]+\"}\nOnly in the other:\n", thrown.Message);
            }
        );
        Assert.True(await CrashPoints.CheckAsync<Program>(Scenario, ignoredTopics: topic => topic == "shipped") > 0);
    }

    [Fact]
    public async Task Time_that_a_scenario_may_take_can_be_set()
    {
        static Task Scenario(DarqTestHost darq) => darq.Publish("slow", new Order("1", "tea", 2), id: "a");
        var tenSeconds = TimeSpan.FromSeconds(10);

        var check = await Assert.ThrowsAsync<DarqTestException>(() => CrashPoints.CheckAsync<Program>(Scenario, within: tenSeconds));
        var run = await Assert.ThrowsAsync<CrashPointException>(() =>
            CrashPoints.RunAsync<Program>(Scenario, "slow/a/1 BeforeHandler", within: tenSeconds)
        );

        Assert.StartsWith("After 00:00:10 of virtual time messages are left: 1 of topic 'slow'.", check.Message, StringComparison.Ordinal);
        Assert.Contains("set within", check.Message, StringComparison.Ordinal);
        Assert.Contains("After 00:00:10 of virtual time", run.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Handler_that_is_not_safe_at_a_second_attempt_is_found_where_calls_fail()
    {
        static Task Scenario(DarqTestHost darq) => darq.Publish("attempted", new Order("1", "tea", 2), id: "a");

        var crashes = await CrashPoints.CheckAsync<Program>(Scenario);
        var thrown = await Assert.ThrowsAsync<CrashPointException>(() => CrashPoints.CheckAsync<Program>(Scenario, failedCalls: true));

        Assert.True(crashes > 4);
        Assert.Contains(
            "(GetState stock-tea) took effect, and failed with Unavailable, at attempt 1 of message a",
            thrown.Message,
            StringComparison.Ordinal
        );
        Assert.Contains("RunAsync<Program>(scenario, \"attempted/a/1 FailedCall GetState stock-tea\", seed: 1)", thrown.Message);
        await Assert.ThrowsAsync<CrashPointException>(() =>
            CrashPoints.RunAsync<Program>(Scenario, "attempted/a/1 FailedCall GetState stock-tea", seed: 1)
        );
    }

    [Fact]
    public async Task Safe_handlers_stay_safe_where_calls_fail()
    {
        Assert.Equal(
            18,
            await CrashPoints.CheckAsync<Program>(TwoOrdersAsync, observe: _ => _payments.Count, configure: Renew, failedCalls: true)
        );
        await CrashPoints.CheckAsync<Program>(
            darq => darq.Publish("parcels", new Order("1", "tea", 0)),
            observe: _ => _payments.Count,
            configure: Renew,
            failedCalls: true
        );
        await CrashPoints.CheckAsync<Program>(darq => darq.Publish("bound", new Order("1", "tea", 2)), failedCalls: true);
    }

    [Fact]
    public async Task Topics_that_are_ignored_are_not_compared() =>
        Assert.True(
            await CrashPoints.CheckAsync<Program>(
                darq => darq.Publish("direct", new Order("1", "tea", 2)),
                observe: darq => darq.Emitted("shipped").Distinct(),
                ignoredTopics: topic => topic == "shipped"
            ) > 0
        );

    [Fact]
    public async Task Check_that_is_cancelled_tries_no_further_point()
    {
        using var cancelling = new CancellationTokenSource();
        var runs = 0;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            CrashPoints.CheckAsync<Program>(
                async darq =>
                {
                    await darq.Publish("plain", new Order("1", "tea", 2));
                    if (++runs == 2)
                    {
                        await cancelling.CancelAsync();
                    }
                },
                cancellationToken: cancelling.Token
            )
        );

        Assert.Equal(2, runs);
    }

    [Fact]
    public async Task Keys_that_are_ignored_are_not_compared() =>
        Assert.True(
            await CrashPoints.CheckAsync<Program>(
                async darq =>
                {
                    darq.State.Set("stock-tea", 5);
                    await darq.Publish("outside", new Order("1", "tea", 2));
                },
                ignoredKeys: key => key == "stock-tea"
            ) > 0
        );

    [Fact]
    public async Task Parallel_calls_of_a_handler_have_crash_points_that_come_again() =>
        Assert.Equal(11, await CrashPoints.CheckAsync<Program>(darq => darq.Publish("parallel", new Order("1", "tea", 2), id: "a")));

    [Fact]
    public async Task Handlers_beside_each_other_have_crash_points_that_come_again() =>
        Assert.True(
            await CrashPoints.CheckAsync<Program>(
                async darq =>
                {
                    await darq.Publish("parallel", new Order("1", "tea", 2), id: "a");
                    await darq.Publish("parallel", new Order("2", "milk", 2), id: "b");
                },
                configure: options => options.MaxConcurrentHandlers = 4
            ) >= 22
        );

    [Fact]
    public async Task Time_that_a_crash_takes_does_not_let_state_expire() =>
        Assert.Equal(
            10,
            await CrashPoints.CheckAsync<Program>(async darq =>
            {
                await darq.Publish("expiring", new Order("1", "tea", 2), id: "a");
                await darq.UntilIdle();
                await darq.Publish("plain", new Order("2", "tea", 2), id: "b");
            })
        );

    [Fact]
    public async Task Time_that_the_scenario_lets_pass_lets_state_expire() =>
        Assert.Equal(
            5,
            await CrashPoints.CheckAsync<Program>(
                async darq =>
                {
                    await darq.Publish("expiring", new Order("1", "tea", 2), id: "a");
                    await darq.UntilIdle();
                    Assert.Equal(2, darq.State.Get<int>("offer-1"));
                    await darq.Time.AdvanceAsync(TimeSpan.FromSeconds(4));
                },
                observe: darq => darq.State.Get<int>("offer-1") == 0 ? null : throw new InvalidOperationException("it is still there")
            )
        );

    [Fact]
    public async Task Scenario_without_a_delivery_is_refused() =>
        await Assert.ThrowsAsync<DarqTestException>(() => CrashPoints.CheckAsync<Program>(_ => Task.CompletedTask));
}
