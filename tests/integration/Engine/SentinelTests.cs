using System.Text.RegularExpressions;
using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Engine;

/// <summary>A primary that sentinels name: a component follows them, and works with nobody else.</summary>
[Trait("Lane", "Slow")]
public sealed partial class SentinelTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task After_a_failover_the_component_goes_on_with_the_promoted_replica()
    {
        await using var sentinels = await RedisSentinels.StartAsync();
        await using var run = await StartAsync(Options(sentinels));
        await using var other = await StartAsync(Options(sentinels));
        var inbox = new Inbox();
        await using var stream = run.Subscriptions.Attach("g", "t", new() { Concurrent = true }, inbox);
        await run.SaveAsync("before", "1");
        await run.PublishAsync("t", "first");
        await AcknowledgeAsync(stream, inbox, "first");
        await Eventually.TrueAsync(sentinels.IsReplicatedAsync, Patience, "what was written is on the replica");

        await sentinels.First.KillAsync();

        await Eventually.TrueAsync(() => WorksAsync(run.SaveAsync("after", "2")), Patience, "the component works on the promoted replica");
        Assert.True(await RedisSentinels.IsAsync(sentinels.Second, "master"));
        Assert.Equal("1", await run.ReadAsync("before"));
        Assert.Equal("2", await run.ReadAsync("after"));
        var publishing = () => WorksAsync(other.PublishAsync("t", "second", ("darq.id", "second")));
        await Eventually.TrueAsync(publishing, Patience, "another component works on it too");
        await AcknowledgeAsync(stream, inbox, "second");
    }

    [Fact]
    public async Task A_primary_that_comes_back_not_knowing_of_the_failover_is_not_worked_with()
    {
        await using var sentinels = await RedisSentinels.StartAsync();
        await using var run = await StartAsync(Options(sentinels));
        await run.SaveAsync("before", "1");
        await Eventually.TrueAsync(sentinels.IsReplicatedAsync, Patience, "what was written is on the replica");

        sentinels.First.Pause();
        await Eventually.TrueAsync(() => WorksAsync(run.SaveAsync("after", "2")), Patience, "the component works on the promoted replica");
        var worldLine = run.Primary.WorldLine;
        sentinels.First.Resume();
        Assert.True(await RedisSentinels.IsAsync(sentinels.First, "master"));
        var saved = 0;
        await Eventually.TrueAsync(
            async () =>
            {
                await run.SaveAsync($"k{saved++}", "3");
                return await RedisSentinels.IsAsync(sentinels.First, "slave");
            },
            Patience,
            "the old primary is told of the failover"
        );

        Assert.Equal(worldLine, run.Primary.WorldLine);
        for (var i = 0; i < saved; i++)
        {
            Assert.Equal("3", await run.ReadAsync($"k{i}"));
        }
    }

    [Fact]
    public async Task A_master_that_the_sentinels_do_not_know_is_refused_with_the_setting_to_change()
    {
        await using var sentinels = await RedisSentinels.StartAsync();

        var refused = await RefusalAsync(Options(sentinels, master: "order"));

        Assert.Contains("know no master named 'order'", refused.Message, StringComparison.Ordinal);
        Assert.Contains("sentinelMasterName", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sentinels_let_in_a_user_with_the_documented_rights_and_a_wrong_password_is_told_from_an_outage()
    {
        await using var sentinels = await RedisSentinels.StartAsync("right", DocumentedRights());
        await using (await StartAsync(Options(sentinels, password: "right"))) { }

        await using (await StartAsync(Options(sentinels, username: "watcher", password: "right"))) { }

        var refused = await RefusalAsync(Options(sentinels, password: "wrong"));

        Assert.Contains("sentinelPassword", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", refused.Message, StringComparison.Ordinal);
    }

    private static Darq.Engine.Redis.RedisOptions Options(
        RedisSentinels sentinels,
        string master = RedisSentinels.MasterName,
        string? username = null,
        string? password = null
    ) =>
        new()
        {
            Host = "127.0.0.1",
            Sentinel = new SentinelOptions(sentinels.Hosts, master) { Username = username, Password = password },
        };

    private static string DocumentedRights() =>
        Rights().Match(File.ReadAllText(Repository.PathOf("SECURITY.md"))).Groups[1].Value.ReplaceLineEndings("");

    [GeneratedRegex("```\nuser watcher on >PASSWORD ([^`]*)```")]
    private static partial Regex Rights();

    private static async Task<EngineRun> StartAsync(Darq.Engine.Redis.RedisOptions options)
    {
        var run = new EngineRun(options);
        Assert.True(await run.Primary.ConnectAsync(TimeSpan.FromSeconds(20), default), "Redis was not reached");
        return run;
    }

    private static async Task<bool> WorksAsync(Task call)
    {
        try
        {
            await call;
            return true;
        }
        catch (DarqException fault) when (fault.Code == ErrorCode.Unavailable)
        {
            return false;
        }
    }

    private static async Task<DarqException> RefusalAsync(Darq.Engine.Redis.RedisOptions options)
    {
        await using var run = new EngineRun(options);
        var refused = await Assert.ThrowsAsync<DarqException>(() => run.Primary.ConnectAsync(TimeSpan.FromSeconds(20), default));
        Assert.Equal(ErrorCode.Misconfigured, refused.Code);
        return refused;
    }

    /// <summary>What was in flight at the failover may come again.</summary>
    private static async Task AcknowledgeAsync(DeliveryStream stream, Inbox inbox, string text)
    {
        Delivery delivery;
        do
        {
            delivery = await inbox.NextAsync(seconds: 30);
            stream.Ack(delivery.Token);
        } while (Inbox.Text(delivery) != text);
    }
}
