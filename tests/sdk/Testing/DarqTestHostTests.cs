using System.Net.Http.Json;
using System.Text.Json;
using Dapr.Client;
using Darq.Testing;
using Darq.Tests.Sdk.App;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Darq.Tests.Sdk.Testing;

public sealed class DarqTestHostTests
{
    private static readonly Order Tea = new("1", "tea", 2);

    [Fact]
    public async Task Order_is_shipped_once_although_its_app_dies()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>();
        darq.State.Set("stock-tea", 5);
        await darq.Publish("orders", new Order("1", "tea", 2));
        darq.CrashNext("orders", At.AfterCommit); // the answer is lost: delivered again

        await darq.UntilIdle();

        Assert.Equal(3, darq.State.Get<int>("stock-tea"));
        Assert.Single(darq.Emitted<Shipped>("shipped"));
    }

    public static TheoryData<At> Moments =>
        [At.BeforeHandler, At.BeforeCall(1), At.AfterCall(1), At.BeforeCommit, At.AfterCommit, At.AfterHandler, At.AfterAnswer];

    [Theory]
    [MemberData(nameof(Moments), DisableDiscoveryEnumeration = true)]
    public async Task Crash_at_any_moment_changes_nothing_for_a_step(At moment)
    {
        var payments = new Payments();
        await using var darq = await DarqTestHost.StartAsync<Program>(o => o.ConfigureServices(s => s.AddSingleton(payments)));
        darq.State.Set("stock-tea", 5);
        await darq.Publish("orders", Tea, key: "ann");
        darq.CrashNext("orders", moment);

        await darq.UntilIdle();

        Assert.Equal(3, darq.State.Get<int>("stock-tea"));
        Assert.Equal(Tea, darq.State.Get<Order>("order-1"));
        Assert.Equal([new Shipped("1")], darq.Emitted<Shipped>("shipped"));
        Assert.Equal(1, payments.Count);
        // The answer was already noted where the process dies after it.
        var died = darq.Deliveries.Any(delivery => delivery.Outcome.StartsWith("the process died", StringComparison.Ordinal));
        Assert.Equal(moment != At.AfterAnswer, died);
    }

    [Fact]
    public async Task Crash_that_never_comes_fails_the_test()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>();
        await darq.Publish("orders", Tea);
        darq.CrashNext("orders", At.BeforeCall(7));

        var thrown = await Assert.ThrowsAsync<DarqTestException>(() => darq.UntilIdle());

        Assert.Equal("The crash at BeforeCall(7) of a message of topic 'orders' never came: no delivery got there.", thrown.Message);
    }

    [Fact]
    public async Task Handler_that_fails_for_ever_is_named_with_what_it_threw()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>();
        await darq.Publish("failing", Tea);

        var thrown = await Assert.ThrowsAsync<DarqTestException>(() => darq.UntilIdle(TimeSpan.FromMinutes(1)));

        Assert.StartsWith("After 00:01:00 of virtual time messages are left: 1 of topic 'failing'.", thrown.Message);
        Assert.Contains("there is no tea", thrown.Message, StringComparison.Ordinal);
        Assert.True(darq.Deliveries.Count > 3);
    }

    [Fact]
    public async Task Handler_that_still_runs_is_named_when_the_time_is_over()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>();
        await darq.Publish("slow", Tea, id: "a");

        var thrown = await Assert.ThrowsAsync<DarqTestException>(() => darq.UntilIdle(TimeSpan.FromSeconds(10)));

        Assert.Matches(
            "Still running: the handler of message a of topic 'slow', attempt 1, for 00:00:(09|10)[.0-9]* of virtual time\\.",
            thrown.Message
        );
    }

    [Fact]
    public async Task Message_of_another_type_is_named()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>();
        await darq.Publish("plain", Tea, id: "a");
        await darq.Publish("plain", "secret", id: "b");

        var thrown = Assert.Throws<DarqTestException>(() => darq.Emitted<Order>("plain"));

        Assert.StartsWith("Message 2 of topic 'plain', with the id b, is no Order.", thrown.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", thrown.ToString(), StringComparison.Ordinal);
        Assert.Equal([JsonValueKind.Object, JsonValueKind.String], darq.Emitted<JsonElement>("plain").Select(data => data.ValueKind));
    }

    [Fact]
    public async Task Crash_after_the_answer_comes_before_the_sidecar_puts_a_dead_letter_aside()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>();
        await darq.Publish("given-up", Tea);
        darq.CrashNext("given-up", At.AfterAnswer);

        await darq.UntilIdle();

        Assert.Equal([Tea], darq.DeadLetters<Order>("given-up"));
        Assert.Equal(2, darq.Deliveries.Count);
    }

    [Fact]
    public async Task Message_that_is_given_up_is_a_dead_letter()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>();
        await darq.Publish("poison", Tea);
        await darq.Publish("stepless", Tea);

        await darq.UntilIdle();

        Assert.Equal([Tea], darq.DeadLetters<Order>("poison"));
        Assert.Equal([Tea], darq.DeadLetters<Order>("stepless"));
        Assert.Equal([1, 2, 3], darq.Deliveries.Where(delivery => delivery.Topic == "poison").Select(delivery => delivery.Attempt));
    }

    [Fact]
    public async Task Delay_of_a_handler_passes_in_virtual_time()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>();
        var before = darq.Time.Now;
        await darq.Publish("slow", Tea);

        await darq.UntilIdle();

        Assert.InRange(darq.Time.Now - before, TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(40));
        Assert.Single(darq.Deliveries);
    }

    [Fact]
    public async Task Time_stands_still_until_it_is_let_pass()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>();
        var timer = darq.Services.GetRequiredService<TimeProvider>();
        var fired = new TaskCompletionSource();
        await using var due = timer.CreateTimer(_ => fired.TrySetResult(), null, TimeSpan.FromHours(1), Timeout.InfiniteTimeSpan);
        var before = darq.Time.Now;

        await darq.Time.AdvanceAsync(TimeSpan.FromMinutes(59));
        Assert.False(fired.Task.IsCompleted);
        await darq.Time.AdvanceAsync(TimeSpan.FromMinutes(1));

        await fired.Task.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(TimeSpan.FromHours(1), darq.Time.Now - before);
    }

    [Fact]
    public async Task Handler_that_hangs_is_named()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>(o => o.HandlerTimeout = TimeSpan.FromSeconds(1));
        await darq.Publish("hanging", Tea);

        var thrown = await Assert.ThrowsAsync<DarqTestException>(() => darq.UntilIdle());

        Assert.Contains("topic 'hanging'", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Step_through_the_binding_takes_effect_once()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>();
        await darq.Publish("bound", Tea);
        darq.CrashNext("bound", At.AfterCommit);

        await darq.UntilIdle();

        Assert.Equal(Tea, darq.State.Get<Order>("order-1"));
        Assert.Equal([new Shipped("1")], darq.Emitted<Shipped>("shipped"));
    }

    [Fact]
    public async Task Answers_without_a_step_mean_what_a_sidecar_makes_of_them()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>();
        await darq.Publish("dropped", Tea);
        await darq.Publish("plain", Tea);

        await darq.UntilIdle();

        Assert.Equal(2, darq.State.Get<int>("plain-1"));
        Assert.Equal(2, darq.Deliveries.Count);
        Assert.Empty(darq.DeadLetters<Order>("dropped"));
    }

    [Fact]
    public async Task Same_id_twice_is_one_message()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>();
        await darq.Publish("orders", Tea, id: "a");
        await darq.Publish("orders", Tea, id: "a");

        await darq.UntilIdle();

        Assert.Equal("a", Assert.Single(darq.Deliveries).MessageId);
    }

    [Fact]
    public async Task What_an_endpoint_of_the_app_publishes_is_delivered()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>();

        using var answer = await darq.CreateClient().PostAsJsonAsync(new Uri("/buy", UriKind.Relative), Tea);
        await darq.UntilIdle();

        Assert.True(answer.IsSuccessStatusCode);
        Assert.Equal(Tea, darq.State.Get<Order>("order-1"));
    }

    [Fact]
    public async Task Topic_without_a_subscription_is_refused()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>();

        var thrown = await Assert.ThrowsAsync<DarqTestException>(() => darq.Publish("order", Tea));

        Assert.StartsWith("The app does not subscribe to 'order'; it does to ", thrown.Message);
    }

    [Fact]
    public async Task Calls_of_DaprClient_are_answered_as_by_a_sidecar()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>();
        var dapr = darq.Services.GetRequiredService<DaprClient>();

        await dapr.WaitForSidecarAsync(TestContext.Current.CancellationToken);
        await dapr.SaveStateAsync("store", "a", 1);
        var (_, etag) = await dapr.GetStateAndETagAsync<int>("store", "a");
        Assert.True(await dapr.TrySaveStateAsync("store", "a", 2, etag));
        Assert.False(await dapr.TrySaveStateAsync("store", "a", 3, etag));
        Assert.Equal(
            [("a", "2"), ("b", "")],
            (await dapr.GetBulkStateAsync("store", ["a", "b"], 1)).Select(item => (item.Key, item.Value))
        );
        await dapr.DeleteStateAsync("store", "a");
        Assert.Equal(0, darq.State.Get<int>("a"));
        var published = await dapr.BulkPublishEventAsync("pubsub", "shipped", [new Shipped("1"), new Shipped("2")]);
        Assert.Empty(published.FailedEntries);
        Assert.Equal([new Shipped("1"), new Shipped("2")], darq.Emitted<Shipped>("shipped"));
        var refused = await Assert.ThrowsAsync<Dapr.DaprException>(() => TransactAsync(dapr, "nonsense"));
        Assert.Contains("code = InvalidArgument desc = INVALID: ", refused.InnerException!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Limit_of_handlers_counts_for_each_topic()
    {
        var meeting = new Meeting();
        await using var darq = await DarqTestHost.StartAsync<Program>(o =>
        {
            (o.MaxConcurrentHandlers, o.HandlerTimeout) = (1, TimeSpan.FromSeconds(5));
            o.ConfigureServices(s => s.AddSingleton(meeting));
        });
        await darq.Publish("meet-left", Tea);
        await darq.Publish("meet-right", Tea);

        await darq.UntilIdle();

        Assert.True(meeting.HasTakenPlace);
    }

    [Fact]
    public async Task Without_a_limit_one_handler_runs_at_a_time_whatever_its_topic()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>(o =>
        {
            o.HandlerTimeout = TimeSpan.FromSeconds(1);
            o.ConfigureServices(s => s.AddSingleton<Meeting>());
        });
        await darq.Publish("meet-left", Tea);
        await darq.Publish("meet-right", Tea);

        var thrown = await Assert.ThrowsAsync<DarqTestException>(() => darq.UntilIdle());

        Assert.Contains("the handler of message ", thrown.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(", the handler", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Handlers_run_beside_each_other_where_the_test_allows_it()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>(o => o.MaxConcurrentHandlers = 4);
        darq.State.Set("stock-tea", 20);
        for (var i = 0; i < 10; i++)
        {
            await darq.Publish("orders", new Order($"{i}", "tea", 1), key: $"{i}");
        }

        await darq.UntilIdle();

        Assert.Equal(10, darq.State.Get<int>("stock-tea"));
        Assert.Equal(10, darq.Emitted<Shipped>("shipped").Count);
    }

    [Fact]
    public async Task Seed_repeats_a_run()
    {
        var (first, again) = (await RunAsync(seed: 7), await RunAsync(seed: 7));

        Assert.Equal(first, again);
        Assert.NotEqual(first.Time, (await RunAsync(seed: 8)).Time);
    }

    private static async Task<(string Deliveries, DateTimeOffset Time)> RunAsync(int seed)
    {
        await using var darq = await DarqTestHost.StartAsync<Program>(o => o.Seed = seed);
        darq.State.Set("stock-tea", 20);
        for (var i = 0; i < 5; i++)
        {
            await darq.Publish("orders", new Order($"{i}", "tea", 1));
        }

        darq.CrashNext("orders", At.AfterCall(1));
        await darq.UntilIdle();
        return (string.Join('\n', darq.Deliveries), darq.Time.Now);
    }

    private static Task TransactAsync(DaprClient dapr, string token) =>
        dapr.ExecuteStateTransactionAsync(
            "store",
            [new("a", JsonSerializer.SerializeToUtf8Bytes(1), StateOperationType.Upsert)],
            new Dictionary<string, string> { ["darq.token"] = token }
        );
}
