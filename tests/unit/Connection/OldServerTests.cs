using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Redis;
using Xunit;

namespace Darq.Tests.Unit.Connection;

/// <summary>Which servers are worked with, by what they say of themselves; the oldest ones no longer run anywhere to be asked.</summary>
public sealed class OldServerTests
{
    [Theory]
    [InlineData("redis_version:6.2.14", "Redis 6.2.14; accepted: Redis 7.0 or later")]
    [InlineData(
        "redis_version:7.2.4\nserver_name:valkey\nvalkey_version:7.1.0",
        "Valkey 7.1.0; accepted: Redis 7.0 or later, Valkey 7.2 or later"
    )]
    [InlineData("redis_version:7.0.15\nmaxmemory_policy:volatile-ttl", "maxmemory-policy is 'volatile-ttl'; accepted: noeviction")]
    [InlineData("redis_version:7.0.15\nmaxmemory_policy:volatile-lru", "a managed service has it in its parameter group")]
    [InlineData("redis_version:7.0.15\nmaxmemory_policy:allkeys-lru", "where others need eviction the component needs a Redis of its own")]
    public async Task A_server_that_does_not_fit_is_refused_naming_what_it_has_and_what_is_needed(string info, string expected)
    {
        var handshake = new Handshake(
            new SelfDescribingRedis(info),
            new Keys("darq", 1),
            new NamespaceOptions { Partitions = 1 },
            new Random(1)
        );

        var refused = await Assert.ThrowsAsync<DarqException>(() => handshake.RunAsync(null, answered: 0, null, worldLine: 0, default));

        Assert.Equal(ErrorCode.Misconfigured, refused.Code);
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_replica_is_waited_for_and_not_worked_with()
    {
        var handshake = new Handshake(
            new SelfDescribingRedis("redis_version:7.0.15\nrole:slave"),
            new Keys("darq", 1),
            new NamespaceOptions { Partitions = 1 },
            new Random(1)
        );

        await Assert.ThrowsAsync<RedisUnavailableException>(() => handshake.RunAsync(null, answered: 0, null, worldLine: 0, default));
    }

    /// <summary>A server that only says what it is; any further call means that it was accepted.</summary>
    private sealed class SelfDescribingRedis(string info) : StubRedis
    {
        public override Task<ServerDescription> DescribeAsync(CancellationToken cancellation) =>
            Task.FromResult(ServerDescriptions.Parse(info));

        protected override Exception Unexpected() => new InvalidOperationException("The server was accepted.");
    }
}
