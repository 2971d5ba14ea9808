using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Engine.Subscriptions;
using Darq.Tests.Integration.Engine;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Cli;

/// <summary>Retry queues that another program wrote over while no component ran.</summary>
public sealed class RetryQueueRepairTests : IAsyncLifetime
{
    private static readonly SubscriptionOptions Queued = new() { RetryDelay = TimeSpan.FromSeconds(1), RetryQueueAfter = TimeSpan.Zero };

    private RedisServer _redis = null!;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartAsync();
        await using var run = await EngineRun.StartAsync(_redis.Port);
        var inbox = new Inbox();
        await using var stream = run.Subscriptions.Attach("g", "t", Queued, inbox);
        await run.PublishAsync("t", "1", ("partitionKey", "k"));
        stream.Nack((await inbox.NextAsync()).Token);
        await Eventually.TrueAsync(
            async () => await _redis.CliAsync("ZCARD", Key("q:g:t")) == "1",
            TimeSpan.FromSeconds(5),
            "the message waits in the retry queue"
        );
    }

    public async ValueTask DisposeAsync() => await _redis.DisposeAsync();

    [Fact]
    public async Task A_queue_is_made_anew_from_what_is_kept_of_its_messages()
    {
        await _redis.CliAsync("SET", Key("q:g:t"), "planted");

        var sick = await DarqTool.DoctorAsync(_redis);
        var repair = await DarqTool.RepairAsync(_redis, "--apply");

        Assert.Equal((1, 0), (sick.Code, repair.Code));
        await using var run = await EngineRun.StartAsync(_redis.Port);
        var inbox = new Inbox();
        await using var stream = run.Subscriptions.Attach("g", "t", Queued, inbox);
        await run.PublishAsync("t", "2", ("partitionKey", "k"));
        foreach (var expected in new[] { "1", "2" })
        {
            var delivery = await inbox.NextAsync();
            Assert.Equal(expected, Inbox.Text(delivery));
            stream.Ack(delivery.Token);
        }
    }

    [Fact]
    public async Task An_entry_whose_message_is_gone_is_removed()
    {
        await _redis.CliAsync("SET", Key("qb:g:t"), "planted");

        Assert.Equal(0, (await DarqTool.RepairAsync(_redis, "--apply")).Code);

        Assert.Equal("0", await _redis.CliAsync("ZCARD", Key("q:g:t")));
        Assert.Equal(0, (await DarqTool.DoctorAsync(_redis)).Code);
    }

    private static string Key(string rest)
    {
        var partitions = new NamespaceOptions().Partitions;
        return $"{PartitionTag.Of("darq", PartitionHash.Of("k", partitions), partitions)}:{rest}";
    }
}
