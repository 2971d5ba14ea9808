using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Engine.State;
using Darq.Tests.Integration.Engine;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Cli;

/// <summary>What a step consumed is known from its result, also when the numbers of its lane were lost.</summary>
[Trait("Lane", "Slow")]
public sealed class StepAfterRepairTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Message_that_a_step_consumed_is_not_delivered_again_after_the_repair_of_its_lane()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var run = await EngineRun.StartAsync(redis.Port, new NamespaceOptions { Partitions = 1 });
        var inbox = new Inbox();
        await using var stream = run.Subscriptions.Attach("g", "t", new() { Concurrent = true }, inbox);
        // One that nobody answers keeps the stream from being trimmed.
        await run.PublishAsync("t", "kept", ("partitionKey", "kept"));
        await run.PublishAsync("t", "stepped", ("partitionKey", "stepped"));
        var deliveries = new[] { await inbox.NextAsync(), await inbox.NextAsync() };
        var stepped = deliveries.Single(delivery => Inbox.Text(delivery) == "stepped");
        var operation = new StateOperation(StateChange.Upsert, new("balance")) { Value = "1"u8.ToArray() };
        await run.StepExecutor.TransactAsync([operation], new Dictionary<string, string> { ["darq.token"] = stepped.Token }, default);
        await redis.CliAsync("HSET", $"{PartitionTag.Of("darq", 0, 1)}:m", "l:g:t", "planted");

        var repair = await DarqTool.RepairAsync(redis, "--apply");
        output.WriteLine($"{repair}");

        Assert.Equal(0, repair.Code);
        var lane = await redis.CliAsync("HGET", $"{PartitionTag.Of("darq", 0, 1)}:m", "l:g:t");
        Assert.Matches(@"^\S+ \S+ 0-0 1 ", lane);
        Assert.Matches(@"^2:2:\d+$", await redis.CliAsync("ZRANGE", $"{PartitionTag.Of("darq", 0, 1)}:o:g:t", "0", "-1"));
    }
}
