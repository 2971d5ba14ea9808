using System.Collections.Concurrent;
using System.Text;
using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Engine.State;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Engine;

/// <summary>A Redis Cluster: one shard that has all slots is worked with as a standalone server is, anything else is refused.</summary>
public abstract class ClusterTests(bool valkey) : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private RedisServer _redis = null!;

    public async ValueTask InitializeAsync() =>
        _redis = await RedisServer.StartAsync(
            new Darq.Tests.Shared.RedisOptions { Program = valkey ? RedisProgram.Valkey : RedisProgram.Redis, Cluster = true }
        );

    public async ValueTask DisposeAsync() => await _redis.DisposeAsync();

    [Fact]
    public async Task One_shard_with_all_slots_serves_publishing_delivery_steps_and_wake_ups()
    {
        await AssignAsync(PartitionTag.Slots - 1);
        await using var run = await EngineRun.StartAsync(_redis.Port);
        await using var publisher = await EngineRun.StartAsync(_redis.Port);
        var (inbox, receipts, woken) = (new Inbox(), new Inbox(), new ConcurrentQueue<string>());
        await using var stream = run.Subscriptions.Attach("ledger", "transfers", new(), inbox);
        await using var receiptStream = run.Subscriptions.Attach("auditor", "receipts", new(), receipts);
        string[] channels = [.. Enumerable.Range(0, run.Options.Partitions).Select(run.Primary.Keys.WakeUps)];
        await using var listening = await publisher.Redis.SubscribeAsync(channels, (_, text) => woken.Enqueue(text), default);

        // Of all partitions, so that one call names keys of many slots.
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => publisher.PublishAsync("transfers", $"{i}", ("partitionKey", $"k{i}"))));
        var seen = new HashSet<string>();
        while (seen.Count < 200)
        {
            var delivery = await inbox.NextAsync();
            var text = Inbox.Text(delivery);
            Assert.True(seen.Add(text), $"{text} was delivered twice");
            Assert.False((await StepAsync(run, delivery.Token, text)).Duplicate);
            Assert.True((await StepAsync(run, delivery.Token, "again")).Duplicate);
            stream.Ack(delivery.Token);
        }

        for (var i = 0; i < 200; i++)
        {
            receiptStream.Ack((await receipts.NextAsync()).Token);
        }

        var keys = Enumerable.Range(0, 200).Select(i => new StateKey($"state {i}")).ToArray();
        Assert.Equal(
            Enumerable.Range(0, 200).Select(i => $"{i}"),
            (await publisher.State.GetAsync(keys, default)).Select(value => Encoding.UTF8.GetString(value.Data.Span))
        );
        await Eventually.TrueAsync(
            async () =>
            {
                await publisher.PublishAsync("transfers", "once more", ("partitionKey", "k"));
                stream.Ack((await inbox.NextAsync()).Token);
                return woken.Any(text => text.StartsWith("transfers ", StringComparison.Ordinal));
            },
            Patience,
            "an append wakes who listens"
        );
        Assert.Empty(await BrokenAsync(run.Primary.Keys));
    }

    // For two seconds after its start a node of a cluster answers CLUSTERDOWN, and Valkey counts no shard.
    [Fact]
    public async Task One_shard_goes_on_after_a_restart_and_is_never_called_misconfigured()
    {
        await AssignAsync(PartitionTag.Slots - 1);
        await using var run = await EngineRun.StartAsync(_redis.Port);
        var inbox = new Inbox();
        await using var stream = run.Subscriptions.Attach("g", "t", new(), inbox);
        await run.PublishAsync("t", "before");
        stream.Ack((await inbox.NextAsync()).Token);

        await _redis.RestartAsync();

        await Eventually.TrueAsync(async () => await IsPublishedAsync(run), Patience, "publishing works again");
        Assert.Equal("after", Inbox.Text(await inbox.NextAsync(30)));
    }

    [Fact]
    public async Task A_cluster_with_half_of_the_slots_is_refused_with_what_is_accepted()
    {
        await AssignAsync(PartitionTag.Slots / 2 - 1);
        await using var run = new EngineRun(_redis.Port);

        var refused = await Assert.ThrowsAsync<DarqException>(() => run.Primary.ConnectAsync(TimeSpan.FromSeconds(10), default));

        Assert.Equal(ErrorCode.Misconfigured, refused.Code);
        Assert.Equal(
            "MISCONFIGURED: the server is in a Redis Cluster of 1 shards with 8192 slots assigned; accepted: a standalone server, "
                + "Sentinel, or a cluster whose one shard has all 16384 slots. Point redisHost at one of these.",
            refused.Message
        );
        Assert.Equal("0", await _redis.CliAsync("DBSIZE"));
    }

    private async Task AssignAsync(int last)
    {
        await _redis.CliAsync("CLUSTER", "ADDSLOTSRANGE", "0", $"{last}");
        var known = last == PartitionTag.Slots - 1 ? "cluster_state:ok" : "cluster_size:1";
        await Eventually.TrueAsync(
            async () => (await _redis.CliAsync("CLUSTER", "INFO")).Contains(known, StringComparison.Ordinal),
            Patience,
            "the node knows its slots"
        );
    }

    private static ValueTask<Darq.Engine.Steps.StepResult> StepAsync(EngineRun run, string token, string text) =>
        run.StepExecutor.TransactAsync(
            [new(StateChange.Upsert, new($"state {text}")) { Value = Encoding.UTF8.GetBytes(text) }],
            new Dictionary<string, string> { ["darq.token"] = token, ["darq.emit"] = """[{"topic":"receipts","data":1}]""" },
            default
        );

    private static async Task<bool> IsPublishedAsync(EngineRun run)
    {
        try
        {
            await run.PublishAsync("t", "after", ("darq.id", "after"));
            return true;
        }
        catch (DarqException refused) when (refused.Code == ErrorCode.Unavailable)
        {
            return false;
        }
    }

    private async Task<string[]> BrokenAsync(Keys keys)
    {
        var broken = new List<string>();
        for (var partition = 0; partition < keys.Partitions; partition++)
        {
            broken.Add(await _redis.CliAsync("HGET", keys.PartitionHeader(partition), "broken"));
        }

        return [.. broken.Where(why => why.Length > 0)];
    }
}

public sealed class ClusterTestsOnRedis() : ClusterTests(valkey: false);

public sealed class ClusterTestsOnValkey() : ClusterTests(valkey: true);
