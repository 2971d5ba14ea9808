using System.Text;
using Darq.Engine.Core;
using Darq.Engine.State;
using Xunit;

namespace Darq.Tests.Integration.Engine;

/// <summary>Consume + state + emit as one request, once: the promise of a step, on a real Redis.</summary>
public abstract class StepTests(bool valkey) : EngineTests(valkey)
{
    [Fact]
    public async Task A_step_consumes_writes_and_emits_together()
    {
        var (inbox, receipts) = (new Inbox(), new Inbox());
        await using var stream = Run.Subscriptions.Attach("ledger", "transfers", new(), inbox);
        await using var receiptStream = Run.Subscriptions.Attach("auditor", "receipts", new(), receipts);
        await Run.PublishAsync("transfers", """{"n":1}""", ("partitionKey", "alice"));

        var delivery = await inbox.NextAsync();
        var token = Inbox.Header(delivery, "darq-token");
        var result = await StepAsync(token, "ledger||alice", "90", """[{"topic":"receipts","data":{"ok":true},"id":"r1"}]""");

        Assert.False(result.Duplicate);
        Assert.Equal("90", await Run.ReadAsync("ledger||alice"));
        Assert.Contains("\"ok\":true", Inbox.Text(await receipts.NextAsync()), StringComparison.Ordinal);
        stream.Nack(delivery.Token);
        Assert.True(await inbox.StaysEmptyAsync(TimeSpan.FromSeconds(1)), "a consumed message came again after a nack");
    }

    [Fact]
    public async Task A_repeated_step_takes_effect_once_and_answers_the_first_result()
    {
        var inbox = new Inbox();
        await using var stream = Run.Subscriptions.Attach("ledger", "transfers", new(), inbox);
        await Run.PublishAsync("transfers", "{}");
        var token = Inbox.Header(await inbox.NextAsync(), "darq-token");

        var first = await StepAsync(token, "k", "first", """[{"topic":"receipts","data":1}]""");
        var second = await StepAsync(token, "k", "second", """[{"topic":"receipts","data":1}]""");

        Assert.True(second.Duplicate);
        Assert.Equal(first.Position, second.Position);
        Assert.Equal("first", await Run.ReadAsync("k"));
    }

    [Fact]
    public async Task A_step_whose_etag_is_old_changes_nothing_and_leaves_its_message_pending()
    {
        var inbox = new Inbox();
        await using var stream = Run.Subscriptions.Attach(
            "ledger",
            "transfers",
            new() { RetryDelay = TimeSpan.FromMilliseconds(10) },
            inbox
        );
        await WriteAsync("k", "1");
        var old = (await Run.State.GetAsync([new("k")], default))[0].ETag;
        await WriteAsync("k", "2");
        await Run.PublishAsync("transfers", "{}");
        var delivery = await inbox.NextAsync();

        var operation = new StateOperation(StateChange.Upsert, new("k")) { Value = "3"u8.ToArray(), ETag = old };
        var refused = await Assert.ThrowsAsync<DarqException>(async () =>
            await Run.StepExecutor.TransactAsync([operation], new Dictionary<string, string> { ["darq.token"] = delivery.Token }, default)
        );

        Assert.Equal(ErrorCode.Conflict, refused.Code);
        Assert.Equal("2", await Run.ReadAsync("k"));
        stream.Nack(delivery.Token);
        Assert.Equal("2", Inbox.Header(await inbox.NextAsync(), "darq-attempt"));
    }

    [Fact]
    public async Task A_step_of_a_delivery_that_was_released_is_still_told_what_took_effect()
    {
        var (first, second) = (new Inbox(), new Inbox());
        var stream = Run.Subscriptions.Attach("ledger", "transfers", new(), first);
        await Run.PublishAsync("transfers", "{}");
        var old = await first.NextAsync();
        await using var other = Run.Subscriptions.Attach("ledger", "transfers", new(), second);
        await stream.DisposeAsync();
        var current = await second.NextAsync();

        Assert.False((await StepAsync(old.Token, "k", "old", "[]")).Duplicate);
        Assert.True((await StepAsync(current.Token, "k", "new", "[]")).Duplicate);
        Assert.Equal("old", await Run.ReadAsync("k"));
    }

    [Fact]
    public async Task A_step_under_the_token_of_a_process_that_is_gone_is_fenced()
    {
        var inbox = new Inbox();
        _ = Run.Subscriptions.Attach("ledger", "transfers", new(), inbox);
        await Run.PublishAsync("transfers", "{}");
        var token = (await inbox.NextAsync()).Token;
        await Run.DisposeAsync();
        Run = await EngineRun.StartAsync(Redis.Port);

        var refused = await Assert.ThrowsAsync<DarqException>(async () => await StepAsync(token, "k", "zombie", "[]"));

        Assert.Equal(ErrorCode.Fenced, refused.Code);
        Assert.Null(await Run.ReadAsync("k"));
    }

    [Fact]
    public async Task A_spontaneous_step_with_an_id_takes_effect_once()
    {
        var metadata = new Dictionary<string, string> { ["darq.id"] = "open-account-7" };
        StateOperation Write(string value) => new(StateChange.Upsert, new("k")) { Value = Encoding.UTF8.GetBytes(value) };

        Assert.False((await Run.StepExecutor.TransactAsync([Write("1")], metadata, default)).Duplicate);
        Assert.True((await Run.StepExecutor.TransactAsync([Write("2")], metadata, default)).Duplicate);
        Assert.Equal("1", await Run.ReadAsync("k"));
    }

    private ValueTask<Darq.Engine.Steps.StepResult> StepAsync(string token, string key, string value, string emit) =>
        Run.StepExecutor.TransactAsync(
            [new(StateChange.Upsert, new(key)) { Value = Encoding.UTF8.GetBytes(value) }],
            new Dictionary<string, string> { ["darq.token"] = token, ["darq.emit"] = emit },
            default
        );

    private ValueTask WriteAsync(string key, string value) =>
        Run.State.ApplyAsync(new(StateChange.Upsert, new(key)) { Value = Encoding.UTF8.GetBytes(value) }, default);
}

public sealed class StepTestsOnRedis() : StepTests(valkey: false);

public sealed class StepTestsOnValkey() : StepTests(valkey: true);
