using System.Text;
using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Xunit;

namespace Darq.Tests.Integration.Engine;

/// <summary>Publishes without an id: what a sidecar sends again because it heard nothing counts once, and nothing else does.</summary>
public sealed class SidecarRetryTests() : EngineTests(valkey: false)
{
    private const string Event = """{"specversion":"1.0","id":"1","source":"shop","data":1}""";

    private readonly UnansweredPublishes _ofSidecar = new();

    [Fact]
    public async Task Equal_events_that_an_app_publishes_are_as_many_messages()
    {
        for (var i = 0; i < 5; i++)
        {
            Assert.False((await PublishAsync(_ofSidecar)).Duplicate);
        }

        Assert.Equal(5, await CountAsync());
    }

    [Fact]
    public async Task Equal_calls_beside_each_other_are_two_messages()
    {
        Run.Redis.Freeze();
        var (first, second) = (PublishAsync(_ofSidecar), PublishAsync(_ofSidecar));
        Run.Redis.Thaw();

        Assert.Equal((false, false), ((await first).Duplicate, (await second).Duplicate));
        Assert.Equal(2, await CountAsync());
    }

    [Fact]
    public async Task A_call_that_was_cancelled_and_comes_again_is_one_message_and_the_next_equal_one_another()
    {
        await PublishInVainAsync();
        Run.Redis.Thaw();

        var again = await PublishAsync(_ofSidecar);

        Assert.True(again.Duplicate);
        Assert.Equal(1, await CountAsync());
        Assert.False((await PublishAsync(_ofSidecar)).Duplicate);
        Assert.Equal(2, await CountAsync());
    }

    [Fact]
    public async Task A_retry_that_hears_nothing_either_is_still_one_message_with_the_third_try()
    {
        await PublishInVainAsync();
        await PublishInVainAsync();
        Run.Redis.Thaw();

        Assert.True((await PublishAsync(_ofSidecar)).Duplicate);
        Assert.Equal(1, await CountAsync());
        Assert.Equal(0, _ofSidecar.Count);
    }

    [Fact]
    public async Task Two_cancelled_calls_and_their_two_retries_are_two_messages()
    {
        Run.Redis.Freeze();
        await Task.WhenAll(PublishInVainAsync(), PublishInVainAsync());
        Run.Redis.Thaw();

        await PublishAsync(_ofSidecar);
        await PublishAsync(_ofSidecar);

        Assert.Equal(2, await CountAsync());
    }

    [Fact]
    public async Task A_call_whose_answer_perhaps_reached_nobody_and_comes_again_is_one_message()
    {
        PublishEntry[] entries = [new(Encoding.UTF8.GetBytes(Event), EngineRun.NoMetadata)];
        var answer = await Run.Publisher.PublishAsync("t", entries, _ofSidecar, default);
        Run.Publisher.Unheard("t", entries, answer, _ofSidecar);

        var again = await PublishAsync(_ofSidecar);

        Assert.Equal(answer.Messages[0] with { Duplicate = true }, again);
        Assert.Equal(1, await CountAsync());
    }

    [Fact]
    public async Task What_another_sidecar_or_with_other_metadata_is_published_is_no_retry()
    {
        await PublishInVainAsync();
        Run.Redis.Thaw();

        Assert.False((await PublishAsync(new())).Duplicate);
        Assert.False((await PublishAsync(_ofSidecar, ("tenant", "a"))).Duplicate);
        Assert.True((await PublishAsync(_ofSidecar)).Duplicate);
        Assert.Equal(3, await CountAsync());
    }

    [Fact]
    public async Task A_call_that_was_refused_is_no_message_and_its_retry_is_the_first()
    {
        await Assert.ThrowsAsync<DarqException>(() => PublishAsync(_ofSidecar, ("ttlInSeconds", "none")));

        Assert.Equal(0, _ofSidecar.Count);
        Assert.False((await PublishAsync(_ofSidecar)).Duplicate);
    }

    private async Task<Published> PublishAsync(
        UnansweredPublishes sidecar,
        (string Name, string Value)? metadata = null,
        CancellationToken cancellation = default
    )
    {
        var given = metadata is { } one ? new Dictionary<string, string> { [one.Name] = one.Value } : EngineRun.NoMetadata;
        PublishEntry[] entries = [new(Encoding.UTF8.GetBytes(Event), given)];
        return (await Run.Publisher.PublishAsync("t", entries, sidecar, cancellation)).Messages[0];
    }

    /// <summary>A call whose sidecar gives up before Redis answers.</summary>
    private async Task PublishInVainAsync()
    {
        Run.Redis.Freeze();
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => PublishAsync(_ofSidecar, cancellation: patience.Token));
    }

    private async Task<int> CountAsync()
    {
        var inbox = new Inbox();
        await using var stream = Run.Subscriptions.Attach(
            $"g{Guid.NewGuid():N}",
            "t",
            new() { Concurrent = true, MaxInFlight = 50 },
            inbox
        );
        var count = 0;
        while (!await inbox.StaysEmptyAsync(TimeSpan.FromMilliseconds(700)))
        {
            await inbox.NextAsync();
            count++;
        }

        return count;
    }
}
