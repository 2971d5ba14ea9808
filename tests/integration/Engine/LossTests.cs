using Darq.Engine.Core;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Engine;

/// <summary>
/// Redis comes back without writes it had answered, as after a power loss under everysec. What is gone is gone, but the
/// component notices, goes on by itself and keeps its promises for what survived and for what comes.
/// </summary>
public sealed class LossTests : EngineTests
{
    private const string Lanes =
        "local lanes = {} for _, header in ipairs(redis.call('KEYS', '{darq:*}:m')) do lanes[#lanes + 1] = "
        + "redis.call('HGET', header, 'l:g:t') or '' end return lanes";

    /// <summary>Of a level that promises more the loss would be a broken promise, and be held.</summary>
    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await Run.DisposeAsync();
        Run = await EngineRun.StartAsync(Redis.Port, new NamespaceOptions { Durability = new(DurabilityKind.Reply) });
    }

    [Fact]
    public async Task Publishing_and_delivering_go_on_after_a_loss_under_a_new_session_and_world_line()
    {
        var inbox = new Inbox();
        await using var stream = Run.Subscriptions.Attach("g", "t", new() { Concurrent = true }, inbox);
        await DeliverAsync(stream, inbox, "kept");
        var (session, worldLine) = (await Run.Primary.ReadyAsync(default), Run.Primary.WorldLine);
        using var earlier = await BackUpAsync();
        for (var i = 0; i < 5; i++)
        {
            await DeliverAsync(stream, inbox, $"lost-{i}");
        }

        await ComeBackAsAsync(earlier);

        await Eventually.TrueAsync(() => Run.Primary.Ready, TimeSpan.FromSeconds(20), "handshake was made again");
        Assert.Equal("new", await DeliverPatientlyAsync(stream, inbox, "new"));
        Assert.True(Run.Primary.WorldLine > worldLine);
        Assert.NotEqual(session, await Run.Primary.ReadyAsync(default));
    }

    [Fact]
    public async Task What_was_acknowledged_but_lost_is_delivered_again_and_what_was_kept_is_not()
    {
        var inbox = new Inbox();
        await using var stream = Run.Subscriptions.Attach("g", "t", new() { Concurrent = true }, inbox);
        await DeliverAsync(stream, inbox, "kept");
        await Run.PublishAsync("t", "acknowledgement lost", ("darq.id", "b"));
        var delivery = await inbox.NextAsync();
        using var earlier = await BackUpAsync();
        stream.Ack(delivery.Token);
        await Eventually.TrueAsync(async () => await ConsumedAsync() == 2, TimeSpan.FromSeconds(10), "the acknowledgement was applied");
        await Run.PublishAsync("t", "message lost", ("darq.id", "c"));
        stream.Ack((await inbox.NextAsync()).Token);

        await ComeBackAsAsync(earlier);

        Assert.Equal("acknowledgement lost", Inbox.Text(await inbox.NextAsync(30)));
        Assert.True(await inbox.StaysEmptyAsync(TimeSpan.FromSeconds(2)), "something else was delivered again");
    }

    private async Task DeliverAsync(Darq.Engine.Subscriptions.Deliveries.DeliveryStream stream, Inbox inbox, string text)
    {
        var before = await ConsumedAsync();
        await Run.PublishAsync("t", text, ("darq.id", text));
        var delivery = await inbox.NextAsync();
        Assert.Equal(text, Inbox.Text(delivery));
        stream.Ack(delivery.Token);
        await Eventually.TrueAsync(async () => await ConsumedAsync() > before, TimeSpan.FromSeconds(10), "the acknowledgement was applied");
    }

    private async Task<string> DeliverPatientlyAsync(Darq.Engine.Subscriptions.Deliveries.DeliveryStream stream, Inbox inbox, string text)
    {
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    await Run.PublishAsync("t", text, ("darq.id", text));
                    return true;
                }
                catch (DarqException)
                {
                    return false;
                }
            },
            TimeSpan.FromSeconds(20),
            "publishing works again"
        );
        while (true)
        {
            var delivery = await inbox.NextAsync(20);
            stream.Ack(delivery.Token);
            if (!Inbox.Text(delivery).StartsWith("lost", StringComparison.Ordinal))
            {
                return Inbox.Text(delivery);
            }
        }
    }

    /// <summary>How many messages the lanes of the group have consumed, by Redis' own count.</summary>
    private async Task<long> ConsumedAsync() =>
        (await Redis.CliAsync("EVAL", Lanes, "0")).Split('\n').Sum(lane => LaneNumbers.Parse(lane).Consumed);

    private async Task<TempFolder> BackUpAsync()
    {
        var folder = new TempFolder();
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Redis.Folder, "appendonlydir")))
        {
            File.Copy(file, folder.PathOf(Path.GetFileName(file)));
        }

        return folder;
    }

    private async Task ComeBackAsAsync(TempFolder earlier)
    {
        await Redis.KillAsync();
        foreach (var file in Directory.EnumerateFiles(earlier.FullPath))
        {
            File.Copy(file, Path.Combine(Redis.Folder, "appendonlydir", Path.GetFileName(file)), overwrite: true);
        }

        await Redis.RestartAsync();
    }
}
