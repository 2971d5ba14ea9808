using Darq.Engine.Core;
using Xunit;

namespace Darq.Tests.Unit.Core;

/// <summary>Data already stored depends on these numbers; a change of any of them loses it.</summary>
public sealed class PartitionHashTests
{
    // The published vectors of FNV-1a with 64 bits.
    [Theory]
    [InlineData("", 0xcbf29ce484222325)]
    [InlineData("a", 0xaf63dc4c8601ec8c)]
    [InlineData("b", 0xaf63df4c8601f1a5)]
    [InlineData("foobar", 0x85944171f73967e8)]
    public void The_hash_is_fnv_1a(string key, ulong hash)
    {
        Assert.Equal((int)(hash % 64), PartitionHash.Of(key, 64));
        Assert.Equal((int)(hash % 1021), PartitionHash.Of(key, 1021));
        Assert.Equal((int)(hash % int.MaxValue), PartitionHash.Of(key, int.MaxValue));
    }

    [Theory]
    [InlineData("order{alice}7", "alice")]
    [InlineData("{alice}", "alice")]
    [InlineData("{a}{b}", "a")]
    [InlineData("x}{a}", "a")]
    [InlineData("{a{b}c}", "a{b")]
    [InlineData("{}", "{}")]
    [InlineData("{}{a}", "{}{a}")]
    [InlineData("{a", "{a")]
    [InlineData("a}", "a}")]
    [InlineData("plain", "plain")]
    public void The_first_braces_of_a_state_key_decide_unless_they_are_empty(string key, string decides) =>
        Assert.Equal(PartitionHash.Of(decides, int.MaxValue), PartitionHash.OfState(key, int.MaxValue));

    [Fact]
    public void Sequential_keys_meet_every_partition() =>
        Assert.Equal(64, Enumerable.Range(0, 1000).Select(n => PartitionHash.Of($"account-{n}", 64)).Distinct().Count());
}
