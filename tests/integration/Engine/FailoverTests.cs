using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Engine;

/// <summary>
/// A replica that is cut off while writes go on is promoted when the primary dies, and what it lacks is lost. The old primary comes back as
/// its replica, and a second failover leads back to it. All levels at once, because most of it is waiting for sentinels.
/// </summary>
[Trait("Lane", "Slow")]
public sealed class FailoverTests
{
    [Fact]
    public async Task What_a_level_covers_outlives_a_failover_to_a_replica_that_was_cut_off_and_one_back()
    {
        (RedisProgram Program, string Level)[] cases =
        [
            (RedisProgram.Redis, "replicated:1"),
            (RedisProgram.Redis, "reply"),
            (RedisProgram.Valkey, "replica-fsync:1"),
            (RedisProgram.Valkey, "fsync+replicated:1"),
        ];

        var results = await Task.WhenAll(
            cases.Select(async each =>
            {
                try
                {
                    await using var failover = await FailoverRun.StartAsync(each.Program, each.Level);
                    await failover.ThereAndBackAsync();
                    return null;
                }
                catch (Exception fault)
                {
                    return $"{each.Program} {each.Level}: {fault}";
                }
            })
        );

        Assert.Empty(results.OfType<string>());
    }
}
