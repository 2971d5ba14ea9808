using Xunit;

namespace Darq.Tests.Contract;

/// <summary>Which answers of an app end a delivery of the input binding.</summary>
[Collection(SharedComponent.Name)]
public sealed class BindingAnswersTests(ComponentFixture fixture)
{
    private const string Gone = "error invoking app: Post \"http://127.0.0.1:1/work\": dial tcp 127.0.0.1:1: connect: connection refused";

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("OK")]
    [InlineData("""{"stat":[]}""")]
    public async Task An_answer_that_is_neither_a_step_nor_SUCCESS_is_a_failure(string answer)
    {
        var topic = fixture.Name("topic");
        using var binding = await OpenAsync(("topic", topic));

        await binding.AnswerAsync(await binding.TokenAsync(topic), answer);

        Assert.Equal("2", (await binding.NextAsync()).Metadata["darq-attempt"]);
    }

    [Fact]
    public async Task The_status_SUCCESS_ends_the_message()
    {
        var topic = fixture.Name("topic");
        using var binding = await OpenAsync(("topic", topic));
        await binding.AnswerAsync(await binding.TokenAsync(topic, ("partitionKey", "k")));

        // A later message of the key comes only when the earlier one is finished.
        Assert.Equal("1", await AttemptAsync(binding, topic));
    }

    [Fact]
    public async Task A_message_that_a_step_consumed_is_ended_by_any_answer()
    {
        var topic = fixture.Name("topic");
        using var binding = await OpenAsync(("topic", topic), ("requireStep", "true"), ("maxDeliveries", "5"));
        var token = await binding.TokenAsync(topic, ("partitionKey", "k"));
        await binding.OutcomeAsync($$"""{"consume":["{{token}}"]}""");
        await binding.AnswerAsync(token, "");

        Assert.Equal("1", await AttemptAsync(binding, topic));
    }

    [Fact]
    public async Task With_requireStep_SUCCESS_is_a_failure()
    {
        var topic = fixture.Name("topic");
        using var binding = await OpenAsync(("topic", topic), ("requireStep", "true"), ("maxDeliveries", "5"));

        await binding.AnswerAsync(await binding.TokenAsync(topic));

        Assert.Equal("2", (await binding.NextAsync()).Metadata["darq-attempt"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("OK")]
    public async Task With_emptyAnswer_ack_an_answer_that_says_nothing_ends_the_message(string answer)
    {
        var topic = fixture.Name("topic");
        using var binding = await OpenAsync(("topic", topic), ("emptyAnswer", "ack"));
        await binding.AnswerAsync(await binding.TokenAsync(topic, ("partitionKey", "k")), answer);

        Assert.Equal("1", await AttemptAsync(binding, topic));
    }

    [Fact]
    public async Task With_emptyAnswer_ack_an_object_that_is_no_step_is_still_a_failure()
    {
        var topic = fixture.Name("topic");
        using var binding = await OpenAsync(("topic", topic), ("emptyAnswer", "ack"));

        await binding.AnswerAsync(await binding.TokenAsync(topic), """{"stat":[]}""");

        Assert.Equal("2", (await binding.NextAsync()).Metadata["darq-attempt"]);
    }

    [Fact]
    public async Task The_fourth_conflict_of_a_message_counts_as_a_failure()
    {
        var (topic, key) = (fixture.Name("topic"), fixture.Name("key"));
        using var binding = await OpenAsync(("topic", topic));
        await binding.OutcomeAsync($$"""{"state":[{"op":"upsert","key":"{{key}}","value":1}]}""");
        var step = $$"""{"state":[{"op":"upsert","key":"{{key}}","value":2,"concurrency":"first-write"}]}""";
        List<string> attempts = [];
        await binding.PublishAsync(topic);
        for (var i = 0; i < 5; i++)
        {
            var delivery = await binding.NextAsync();
            attempts.Add(delivery.Metadata["darq-attempt"]);
            await binding.AnswerAsync(delivery.MessageId, step);
        }

        Assert.Equal(["1", "1", "1", "1", "2"], attempts);
    }

    [Fact]
    public async Task An_app_that_is_gone_gets_one_delivery_at_a_time_and_none_counts()
    {
        var (topic, other) = (fixture.Name("topic"), fixture.Name("topic"));
        using var binding = await OpenAsync(("topics", $"{topic},{other}"));
        var first = await binding.TokenAsync(topic);
        await binding.RefuseAsync(first, Gone);
        // It comes again once the component has heard that: what is published earlier may still go out beside it.
        var delivery = await binding.NextAsync();
        for (var i = 0; i < 4; i++)
        {
            await binding.PublishAsync(i % 2 == 0 ? topic : other);
        }

        for (var i = 0; i < 6; i++)
        {
            Assert.Equal("1", delivery.Metadata["darq-attempt"]);
            Assert.True(await binding.IsQuietAsync(TimeSpan.FromMilliseconds(150)), "a second delivery came beside the first");
            await binding.RefuseAsync(delivery.MessageId, Gone);
            delivery = await binding.NextAsync();
        }

        await binding.AnswerAsync(delivery.MessageId);
        for (var i = 0; i < 4; i++)
        {
            await binding.NextAsync();
        }
    }

    [Fact]
    public async Task A_delivery_that_is_out_can_be_given_more_time_and_one_that_is_done_cannot()
    {
        var topic = fixture.Name("topic");
        using var binding = await OpenAsync(("topic", topic));
        var token = await binding.TokenAsync(topic);

        Assert.Equal("OK", await ExtendAsync(binding, token));
        await binding.AnswerAsync(token);
        Assert.Equal("STALE", await ExtendAsync(binding, token));
        var refused = await Assert.ThrowsAnyAsync<Exception>(() => ExtendAsync(binding, "nonsense"));
        Assert.Contains("darq.token", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_handler_that_does_not_answer_in_time_leaves_its_message_to_another_stream()
    {
        var topic = fixture.Name("topic");
        using var client = fixture.Client();
        await client.InitPubSubAsync(
            ("redisHost", fixture.Redis.Host),
            ("consumerID", "app"),
            ("processingTimeout", "300ms"),
            ("retryDelay", "10ms")
        );
        using var one = await PullClient.OpenAsync(client, topic);
        await client.PublishAsync(topic, "{}");
        var first = await one.NextAsync();

        using var other = await PullClient.OpenAsync(client, topic + "~1");
        var second = await other.NextAsync();

        Assert.Equal(("1", "2"), (first.Metadata["darq-attempt"], second.Metadata["darq-attempt"]));
        Assert.Equal(first.Metadata["darq-id"], second.Metadata["darq-id"]);
    }

    private async Task<BindingClient> OpenAsync(params (string Key, string Value)[] metadata)
    {
        var binding = await BindingClient.InitAsync(fixture, metadata);
        binding.Open();
        return binding;
    }

    private static async Task<string> AttemptAsync(BindingClient binding, string topic)
    {
        await binding.PublishAsync(topic, "\"later\"", ("partitionKey", "k"));
        var delivery = await binding.NextAsync();
        Assert.Contains("\"later\"", delivery.Data.ToStringUtf8(), StringComparison.Ordinal);
        return delivery.Metadata["darq-attempt"];
    }

    private static async Task<string> ExtendAsync(BindingClient binding, string token) =>
        (await binding.InvokeAsync("extend", "", ("darq.token", token))).GetProperty("outcome").GetString()!;
}
