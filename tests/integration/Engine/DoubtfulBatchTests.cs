using Darq.Engine.Core;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Engine;

/// <summary>A batch took effect, its reply was lost, and Redis has reached its maxmemory before it is asked again.</summary>
public sealed class DoubtfulBatchTests
{
    [Fact]
    public async Task Message_that_is_told_OK_is_in_its_topic_though_Redis_was_full_when_the_batch_before_was_in_doubt()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var run = await EngineRun.StartAsync(redis.Port, new NamespaceOptions { Partitions = 1 });
        run.Redis.LoseReply("batch", () => redis.CliAsync("CONFIG", "SET", "maxmemory", "1"));
        await Assert.ThrowsAsync<DarqException>(() => run.PublishAsync("t", "in doubt"));
        await redis.CliAsync("CONFIG", "SET", "maxmemory", "0");

        await run.PublishAsync("t", "next");

        var stream = await redis.CliAsync("XRANGE", run.Primary.Keys.Stream(0, "t"), "-", "+");
        Assert.Contains("in doubt", stream, StringComparison.Ordinal);
        Assert.True(stream.Contains("next", StringComparison.Ordinal), "A message was told OK and is not in its topic.");
    }
}
