using Darq.Engine.Core;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Engine;

/// <summary>A batch took effect, its reply was lost, and Redis has reached its maxmemory before it is asked again.</summary>
public sealed class DoubtfulBatchTests
{
    [Fact]
    public async Task Batch_in_doubt_gets_its_answer_though_Redis_is_full_and_the_next_one_has_a_number_of_its_own()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var run = await EngineRun.StartAsync(redis.Port, new NamespaceOptions { Partitions = 1 });
        run.Redis.LoseReply("batch", () => redis.CliAsync("CONFIG", "SET", "maxmemory", "1"));

        await run.PublishAsync("t", "in doubt");
        var full = await Assert.ThrowsAsync<DarqException>(() => run.PublishAsync("t", "refused"));
        await redis.CliAsync("CONFIG", "SET", "maxmemory", "0");
        await run.PublishAsync("t", "next");

        Assert.Equal(ErrorCode.Full, full.Code);
        var stream = await redis.CliAsync("XRANGE", run.Primary.Keys.Stream(0, "t"), "-", "+");
        Assert.Contains("in doubt", stream, StringComparison.Ordinal);
        Assert.DoesNotContain("refused", stream, StringComparison.Ordinal);
        Assert.Contains("next", stream, StringComparison.Ordinal);
    }
}
