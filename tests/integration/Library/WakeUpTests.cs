using Darq.Tests.Shared;
using Xunit;
using static Darq.Tests.Integration.Library.LibraryRun;

namespace Darq.Tests.Integration.Library;

/// <summary>A message for waiting processes that Redis refuses to send changes nothing.</summary>
public sealed class WakeUpTests
{
    [Theory]
    [InlineData("&* +@all -spublish", "spublish")]
    [InlineData("resetchannels +@all", "{silent:0:")]
    public async Task An_append_and_a_release_take_effect_though_their_message_is_refused(string rights, string refused)
    {
        await using var redis = await RedisServer.StartAsync(new RedisOptions { Acl = $"user default on nopass ~* {rights}" });
        await using var run = await LibraryRun.StartAsync(redis.Port, "silent");
        await run.RecoverAsync();
        await run.OpenAsync();
        await run.ClaimAsync("claim", "s1");
        await run.CallAsync("tails", run.Key(0, "m"), [0, "s2", "t", .. run.List(1), 0]);
        Assert.Equal("s2", (await run.TopicAsync()).Armed);

        var reply = await run.BatchAsync("s1", 1, Publish(Append()), Publish(Append()));

        Assert.All(reply, line => Assert.StartsWith("OK ", line, StringComparison.Ordinal));
        var topic = await run.TopicAsync();
        Assert.Equal(("-", 2), (topic.Armed, topic.Last));
        Assert.Equal(["OK 1"], await run.ClaimAsync("release", "s1", (await run.LaneAsync()).FencingToken));
        Assert.Equal("", await run.FieldAsync(0, "broken"));
        Assert.Contains(refused, await redis.CliAsync("ACL", "LOG"), StringComparison.Ordinal);
    }
}
