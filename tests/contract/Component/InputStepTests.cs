using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Contract;

/// <summary>The answer to a delivery of the input binding is the step: what each outcome does to the delivery.</summary>
[Collection(SharedComponent.Name)]
public sealed class InputStepTests(ComponentFixture fixture)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task An_answer_with_a_field_of_a_step_consumes_its_own_delivery_and_takes_effect()
    {
        var (inbox, receipts, key) = (fixture.Name("topic"), fixture.Name("topic"), fixture.Name("key"));
        using var binding = await InitAsync(("topics", $"{inbox},{receipts}"));
        var token = await binding.TokenAsync(inbox);

        await binding.AnswerAsync(
            token,
            $$"""{"state":[{"op":"upsert","key":"{{key}}","value":90}],"emit":[{"topic":"{{receipts}}","data":{"ok":true} }] }"""
        );

        var receipt = await binding.NextAsync();
        Assert.Contains("\"data\":{\"ok\":true}", receipt.Data.ToStringUtf8(), StringComparison.Ordinal);
        Assert.Equal("90", await binding.StoredAsync($"app||{key}"));
        Assert.Equal("DUPLICATE", await binding.OutcomeAsync($$"""{"consume":["{{token}}"]}"""));
    }

    [Fact]
    public async Task A_step_that_was_sent_before_by_another_way_is_done_and_a_stale_message_too()
    {
        var (topic, key) = (fixture.Name("topic"), fixture.Name("key"));
        using var binding = await InitAsync(("topic", topic));
        var token = await binding.TokenAsync(topic, ("partitionKey", "k"));
        await binding.OutcomeAsync($$"""{"consume":["{{token}}"]}""");
        await binding.AnswerAsync(token, $$"""{"state":[{"op":"upsert","key":"{{key}}","value":1}]}""");

        // The next message of the same key comes only when the first is finished.
        var next = await binding.TokenAsync(topic, ("partitionKey", "k"));
        Assert.NotEqual(token, next);
        Assert.Null(await binding.StoredAsync($"app||{key}"));
    }

    [Fact]
    public async Task A_conflict_is_delivered_again_at_once_and_counts_as_no_attempt()
    {
        var (topic, key) = (fixture.Name("topic"), fixture.Name("key"));
        using var binding = await InitAsync(("topic", topic), ("retryDelay", "60s"), ("maxRetryDelay", "60s"));
        await binding.OutcomeAsync($$"""{"state":[{"op":"upsert","key":"{{key}}","value":1}]}""");
        var token = await binding.TokenAsync(topic);
        string Step(string concurrency) => $$"""{"state":[{"op":"upsert","key":"{{key}}","value":2,"concurrency":"{{concurrency}}"}]}""";

        await binding.AnswerAsync(token, Step("first-write"));
        var again = await binding.NextAsync();
        Assert.Equal("1", again.Metadata["darq-attempt"]);
        await binding.AnswerAsync(again.MessageId, Step("last-write"));
        await Eventually.TrueAsync(async () => await binding.StoredAsync($"app||{key}") == "2", Patience, "the second answer took effect");
    }

    [Fact]
    public async Task An_answer_that_is_fenced_from_another_message_changes_nothing_and_counts_as_failed()
    {
        var (topic, key) = (fixture.Name("topic"), fixture.Name("key"));
        using var binding = await InitAsync(("topic", topic), ("retryDelay", "10ms"));
        var (one, other) = (await binding.TokenAsync(topic), await binding.TokenAsync(topic));
        var foreign = "other" + other[other.IndexOf(':', StringComparison.Ordinal)..];

        await binding.AnswerAsync(one, $$"""{"consume":["{{foreign}}"],"state":[{"op":"upsert","key":"{{key}}","value":1}]}""");

        var again = await binding.NextAsync();
        Assert.Equal("2", again.Metadata["darq-attempt"]);
        Assert.Null(await binding.StoredAsync($"app||{key}"));
    }

    [Theory]
    [InlineData("""{"state":[{"op":"upsert","key":"k"}]}""")]
    [InlineData("""{"state":[""")]
    [InlineData("""{"State":[]}""")]
    [InlineData("""{"emit":[{"topic":"t","data":1,"delay":"5s"}]}""")]
    [InlineData("""{"state":[],"status":"SUCCESS"}""")]
    [InlineData("""{"id":"once","state":[]}""")]
    public async Task A_faulty_step_counts_as_failed_and_is_never_taken_for_an_acknowledgement(string answer)
    {
        var topic = fixture.Name("topic");
        using var binding = await InitAsync(("topic", topic));
        await binding.AnswerAsync(await binding.TokenAsync(topic), answer);
        Assert.Equal("2", (await binding.NextAsync()).Metadata["darq-attempt"]);
    }

    [Fact]
    public async Task Too_large_a_step_counts_as_failed_and_one_for_which_there_is_no_room_does_not()
    {
        var (topic, full) = (fixture.Name("topic"), fixture.Name("topic"));
        using var binding = await InitAsync(("topic", topic), ("maxBacklog", "2"));
        await binding.AnswerAsync(
            await binding.TokenAsync(topic),
            $$"""{"emit":[{{string.Join(',', Enumerable.Repeat($$"""{"topic":"{{full}}","data":1}""", 3))}}]}"""
        );
        var second = await binding.NextAsync();
        Assert.Equal("1", second.Metadata["darq-attempt"]);
        var value = new string('x', 3_500_000);
        var operations = Enumerable.Range(0, 5).Select(i => $$"""{"op":"upsert","key":"k{{i}}","value":"{{value}}"}""");
        await binding.AnswerAsync(second.MessageId, $$"""{"state":[{{string.Join(',', operations)}}]}""");
        Assert.Equal("2", (await binding.NextAsync()).Metadata["darq-attempt"]);
    }

    [Fact]
    public async Task A_further_message_that_is_done_with_does_not_finish_the_own_one()
    {
        var (topic, key) = (fixture.Name("topic"), fixture.Name("key"));
        using var binding = await InitAsync(("topic", topic));
        var (own, other) = (await binding.TokenAsync(topic), await binding.TokenAsync(topic));
        await binding.AnswerAsync(other);
        await Eventually.TrueAsync(
            async () => await binding.OutcomeAsync($$"""{"consume":["x{{other}}"]}""") == "STALE",
            Patience,
            "the other message was acked"
        );

        await binding.AnswerAsync(own, $$"""{"consume":["{{other}}"],"state":[{"op":"upsert","key":"{{key}}","value":1}]}""");

        var again = await binding.NextAsync();
        Assert.Equal("2", again.Metadata["darq-attempt"]);
        await binding.AnswerAsync(again.MessageId, $$"""{"state":[{"op":"upsert","key":"{{key}}","value":1}]}""");
        await Eventually.TrueAsync(
            async () => await binding.StoredAsync($"app||{key}") == "1",
            Patience,
            "the step without the other message took effect"
        );
    }

    [Fact]
    public async Task Answers_that_were_given_before_the_stream_ended_still_take_effect()
    {
        var (topic, key) = (fixture.Name("topic"), fixture.Name("key"));
        using var binding = await InitAsync(("topic", topic));
        var tokens = new List<string>();
        for (var i = 0; i < 8; i++)
        {
            tokens.Add(await binding.TokenAsync(topic));
        }

        foreach (var (token, i) in tokens.Select((token, i) => (token, i)))
        {
            await binding.AnswerAsync(token, $$"""{"state":[{"op":"upsert","key":"{{key}}-{{i}}","value":1}]}""");
        }

        await Eventually.TrueAsync(
            async () => await binding.StoredAsync($"app||{key}-0") is not null,
            Patience,
            "the first answer was read"
        );

        binding.Close();
        binding.Open();
        await binding.PublishAsync(topic, "\"last\"");

        // What was not read before the end comes again; nothing comes again that took effect.
        for (
            var delivery = await binding.NextAsync();
            !delivery.Data.ToStringUtf8().Contains("\"last\"", StringComparison.Ordinal);
            delivery = await binding.NextAsync()
        )
        {
            var text = delivery.MessageId.Split(':')[2];
            var index = tokens.FindIndex(token => token.Split(':')[2] == text && token.Split(':')[1] == delivery.MessageId.Split(':')[1]);
            Assert.Null(await binding.StoredAsync($"app||{key}-{index}"));
            await binding.AnswerAsync(delivery.MessageId);
        }
    }

    private async Task<BindingClient> InitAsync(params (string Key, string Value)[] metadata)
    {
        var binding = await BindingClient.InitAsync(fixture, metadata);
        await binding.Client.InitStateAsync(("redisHost", fixture.Redis.Host));
        binding.Open();
        return binding;
    }
}
