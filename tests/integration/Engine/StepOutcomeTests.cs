using System.Text;
using Darq.Engine.Steps;
using Darq.Engine.Steps.Json;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Engine;

/// <summary>What the engine takes for consumed after each outcome of a step that names several messages, or an id.</summary>
public sealed class StepOutcomeTests : EngineTests
{
    private readonly Inbox _inbox = new();
    private DeliveryStream _stream = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _stream = Run.Subscriptions.Attach("g", "t", new() { RetryDelay = TimeSpan.FromMilliseconds(10) }, _inbox);
    }

    [Fact]
    public async Task A_message_beside_a_stale_one_stays_pending()
    {
        var (consumed, pending) = (await NextAsync(), await NextAsync());
        _stream.Ack(consumed);
        // Another session's step cannot consume it instead of the acknowledgement.
        await Eventually.TrueAsync(
            async () => (await ApplyAsync(["x" + consumed])).Outcome == "STALE",
            TimeSpan.FromSeconds(10),
            "the first message was acked"
        );

        var refused = await ApplyAsync([pending, consumed]);
        Assert.Equal(consumed, refused.AlreadyConsumed!.ToString());
        Assert.Contains($"message '{refused.AlreadyConsumed.Id}' of topic 't'", refused.Message, StringComparison.Ordinal);
        _stream.Nack(pending);

        Assert.Equal("2", Inbox.Header(await _inbox.NextAsync(), "darq-attempt"));
    }

    [Fact]
    public async Task A_message_that_only_the_repetition_names_stays_pending()
    {
        var (first, second) = (await NextAsync(), await NextAsync());
        await ApplyAsync([first]);

        Assert.Equal("DUPLICATE", (await ApplyAsync([first, second])).Outcome);
        _stream.Ack(first);
        _stream.Nack(second);

        Assert.Equal("2", Inbox.Header(await _inbox.NextAsync(), "darq-attempt"));
    }

    private async Task<string> NextAsync(params (string Name, string Value)[] metadata)
    {
        await Run.PublishAsync("t", "1", metadata);
        return (await _inbox.NextAsync()).Token;
    }

    private ValueTask<StepResult> ApplyAsync(string[] tokens)
    {
        var json = $$"""{"consume":[{{string.Join(',', tokens.Select(token => $"\"{token}\""))}}]}""";
        return Run.StepExecutor.ApplyAsync(new StepParser(Run.Options.Partitions, "").Parse(Encoding.UTF8.GetBytes(json)), default);
    }
}
