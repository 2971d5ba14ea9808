using Darq.Protos;
using Darq.Tests.Shared.GrpcClient;
using Google.Protobuf;
using Xunit;

namespace Darq.Tests.Contract;

[Collection(SharedComponent.Name)]
public sealed class PubSubTests(ComponentFixture fixture)
{
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(500);

    [Fact]
    public async Task A_published_message_is_delivered_with_its_bytes_an_id_the_subscribed_name_and_no_content_type()
    {
        using var client = await InitAsync();
        var topic = fixture.Name("topic");
        using var pull = await PullClient.OpenAsync(client, topic);
        await client.PublishAsync(topic, """{"id":"1","source":"s","data":7}""", ("colour", "blue"));

        var delivery = await pull.NextAsync();
        Assert.Equal(topic, delivery.TopicName);
        Assert.Equal("", delivery.ContentType);
        Assert.Contains("\"data\":7", delivery.Data.ToStringUtf8(), StringComparison.Ordinal);
        Assert.Equal("blue", delivery.Metadata["colour"]);
        Assert.Equal(delivery.Id, delivery.Metadata["darq-token"]);
        Assert.Equal("1", delivery.Metadata["darq-attempt"]);
    }

    [Fact]
    public async Task A_nacked_message_comes_again_and_an_acked_one_does_not()
    {
        using var client = await InitAsync();
        var topic = fixture.Name("topic");
        using var pull = await PullClient.OpenAsync(client, topic, ("retryDelay", "10ms"));
        await client.PublishAsync(topic, "{}");

        await pull.NackAsync((await pull.NextAsync()).Id);
        var second = await pull.NextAsync();
        Assert.Equal("2", second.Metadata["darq-attempt"]);
        await pull.AckAsync(second.Id);
        Assert.True(await pull.IsQuietAsync(Quiet));
    }

    [Fact]
    public async Task Answers_for_unknown_and_answered_ids_change_nothing()
    {
        using var client = await InitAsync();
        var topic = fixture.Name("topic");
        using var pull = await PullClient.OpenAsync(client, topic);
        await pull.AckAsync("no-such-id");
        await pull.NackAsync("");
        await client.PublishAsync(topic, "{}");
        var delivery = await pull.NextAsync();
        await pull.AckAsync(delivery.Id);
        await pull.NackAsync(delivery.Id);

        Assert.True(await pull.IsQuietAsync(Quiet));
        Assert.Null(pull.Status);
    }

    [Fact]
    public async Task What_a_cancelled_stream_held_is_delivered_to_the_next_one_without_a_penalty()
    {
        using var client = await InitAsync();
        var topic = fixture.Name("topic");
        using (var first = await PullClient.OpenAsync(client, topic))
        {
            await client.PublishAsync(topic, "{}");
            Assert.Equal("1", (await first.NextAsync()).Metadata["darq-attempt"]);
        }

        using var second = await PullClient.OpenAsync(client, topic);
        Assert.Equal("1", (await second.NextAsync()).Metadata["darq-attempt"]);
    }

    [Fact]
    public async Task A_handler_that_ends_its_stream_counts_as_failing_from_the_second_time_on()
    {
        using var client = await InitAsync();
        var topic = fixture.Name("topic");
        await client.PublishAsync(topic, "{}");
        List<string> attempts = [];
        for (var i = 0; i < 4; i++)
        {
            using var pull = await PullClient.OpenAsync(client, topic, ("retryDelay", "10ms"));
            attempts.Add((await pull.NextAsync()).Metadata["darq-attempt"]);
        }

        Assert.Equal(["1", "1", "2", "3"], attempts);
    }

    [Fact]
    public async Task A_message_at_which_every_stream_ends_is_given_up_after_maxDeliveries()
    {
        using var client = await InitAsync();
        var (topic, dead) = (fixture.Name("topic"), fixture.Name("topic"));
        using var deadLetters = await PullClient.OpenAsync(client, dead);
        await client.PublishAsync(topic, "{}");
        (string, string)[] settings = [("retryDelay", "10ms"), ("maxDeliveries", "2"), ("deadLetterTopic", dead)];
        for (var i = 0; i < 3; i++)
        {
            using var pull = await PullClient.OpenAsync(client, topic, settings);
            await pull.NextAsync();
        }

        using var last = await PullClient.OpenAsync(client, topic, settings);
        Assert.Equal("2", (await deadLetters.NextAsync()).Metadata["darq-dead-failures"]);
        Assert.True(await last.IsQuietAsync(Quiet));
    }

    [Fact]
    public async Task A_further_stream_of_a_topic_answers_to_the_name_it_was_opened_with()
    {
        using var client = await InitAsync();
        var topic = fixture.Name("topic");
        using var further = await PullClient.OpenAsync(client, topic + "~2");
        await client.PublishAsync(topic, "{}");
        Assert.Equal(topic + "~2", (await further.NextAsync()).TopicName);
    }

    [Fact]
    public async Task A_bulk_publish_delivers_all_its_entries_with_their_own_metadata()
    {
        using var client = await InitAsync();
        var topic = fixture.Name("topic");
        using var pull = await PullClient.OpenAsync(client, topic);
        var request = new BulkPublishRequest { Topic = topic, Metadata = { ["of"] = "request", ["both"] = "request" } };
        for (var i = 0; i < 3; i++)
        {
            request.Entries.Add(
                new BulkMessageEntry
                {
                    EntryId = $"{i}",
                    Event = ByteString.CopyFromUtf8($"{i}"),
                    Metadata = { ["both"] = $"entry{i}" },
                    ContentType = "application/octet-stream",
                }
            );
        }

        Assert.Empty((await client.CallAsync("PubSub/BulkPublish", request, BulkPublishResponse.Parser)).FailedEntries);

        HashSet<string> seen = [];
        for (var i = 0; i < 3; i++)
        {
            var delivery = await pull.NextAsync();
            await pull.AckAsync(delivery.Id);
            Assert.Equal(
                ("request", "entry" + delivery.Data.ToStringUtf8(), ""),
                (delivery.Metadata["of"], delivery.Metadata["both"], delivery.ContentType)
            );
            seen.Add(delivery.Data.ToStringUtf8());
        }

        Assert.Equal(["0", "1", "2"], seen.Order());
    }

    [Fact]
    public async Task A_bulk_publish_without_entries_is_fine()
    {
        using var client = await InitAsync();
        var response = await client.CallAsync(
            "PubSub/BulkPublish",
            new BulkPublishRequest { Topic = fixture.Name("topic") },
            BulkPublishResponse.Parser
        );
        Assert.Empty(response.FailedEntries);
    }

    [Fact]
    public async Task A_bulk_publish_with_one_bad_entry_publishes_none_and_is_an_error()
    {
        using var client = await InitAsync();
        var topic = fixture.Name("topic");
        using var pull = await PullClient.OpenAsync(client, topic);
        var refused = await client.RefusalAsync(
            "PubSub/BulkPublish",
            new BulkPublishRequest
            {
                Topic = topic,
                Entries =
                {
                    new BulkMessageEntry { EntryId = "1", Event = ByteString.CopyFromUtf8("{}") },
                    new BulkMessageEntry
                    {
                        EntryId = "2",
                        Event = ByteString.CopyFromUtf8("{}"),
                        Metadata = { ["ttlInSeconds"] = "soon" },
                    },
                },
            }
        );

        Assert.Equal(GrpcCode.InvalidArgument, refused.Code);
        Assert.Equal(
            "INVALID: 1 of 2 entries cannot be published, so none was. Entry '2': INVALID: ttlInSeconds is 'soon'; accepted: a whole "
                + "number of seconds above 0.",
            refused.Message
        );
        Assert.True(await pull.IsQuietAsync(Quiet));
    }

    [Fact]
    public async Task Metadata_whose_name_no_header_can_have_or_is_reserved_does_not_reach_the_app()
    {
        using var client = await InitAsync();
        var topic = fixture.Name("topic");
        using var pull = await PullClient.OpenAsync(client, topic);
        await client.PublishAsync(
            topic,
            "{}",
            ("lines", "a\r\nb"),
            ("bad name", "x"),
            ("content-length", "1"),
            ("darq-token", "forged"),
            ("", "empty")
        );

        var delivery = await pull.NextAsync();
        Assert.Equal(delivery.Id, delivery.Metadata["darq-token"]);
        Assert.Equal("a%0D%0Ab", delivery.Metadata["lines"]);
        Assert.DoesNotContain(delivery.Metadata.Keys, key => key is "bad name" or "content-length" or "");
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\nb")]
    [InlineData("orders.*")]
    [InlineData("256")]
    public async Task A_topic_that_cannot_be_one_is_refused_at_publish_and_at_subscribe(string topic)
    {
        topic = topic == "256" ? new string('t', 256) : topic;
        using var client = await InitAsync();
        Assert.Equal(GrpcCode.InvalidArgument, (await client.RefusalAsync("PubSub/Publish", new PublishRequest { Topic = topic })).Code);
        using var pull = await PullClient.OpenAsync(client, topic);
        Assert.Equal(GrpcCode.InvalidArgument, (await pull.EndAsync()).Code);
    }

    [Fact]
    public async Task A_subscription_with_a_wrong_setting_is_refused_with_the_form()
    {
        using var client = await InitAsync();
        using var pull = await PullClient.OpenAsync(client, fixture.Name("topic"), ("maxInFlight", "many"), ("rawPayload", "true"));
        var status = await pull.EndAsync();
        Assert.Equal(GrpcCode.InvalidArgument, status.Code);
        Assert.Contains(
            "maxInFlight: \"many\" is not accepted; give a whole number from 1 to 1000",
            status.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_stream_whose_first_message_names_no_topic_is_refused()
    {
        using var client = await InitAsync();
        using var call = client.Open("PubSub/PullMessages");
        await call.WriteAsync(new PullMessagesRequest { AckMessageId = "x" });
        Assert.Null(await call.ReadAsync(PullMessagesResponse.Parser));
        Assert.Equal(GrpcCode.InvalidArgument, call.Status!.Code);
    }

    [Fact]
    public async Task A_paused_instance_sends_nothing_still_takes_answers_and_goes_on_after_resume()
    {
        using var client = await InitAsync();
        var topic = fixture.Name("topic");
        using var pull = await PullClient.OpenAsync(client, topic);
        await client.PublishAsync(topic, "{}");
        var held = await pull.NextAsync();
        await client.CallAsync("PubSub/Pause", new PauseRequest(), PauseResponse.Parser);
        await client.CallAsync("PubSub/Pause", new PauseRequest(), PauseResponse.Parser);
        await client.PublishAsync(topic, """{"n":2}""");
        await pull.AckAsync(held.Id);

        Assert.True(await pull.IsQuietAsync(Quiet));
        await client.CallAsync("PubSub/Resume", new ResumeRequest(), ResumeResponse.Parser);
        Assert.Contains("\"n\":2", (await pull.NextAsync()).Data.ToStringUtf8(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_stream_ends_a_pause_because_no_sidecar_sends_resume()
    {
        using var client = await InitAsync();
        var topic = fixture.Name("topic");
        await client.CallAsync("PubSub/Pause", new PauseRequest(), PauseResponse.Parser);
        using var pull = await PullClient.OpenAsync(client, topic);
        await client.PublishAsync(topic, "{}");
        await pull.NextAsync();
    }

    [Fact]
    public async Task The_same_Init_again_ends_a_pause_and_leaves_the_streams_open()
    {
        using var client = await InitAsync();
        var topic = fixture.Name("topic");
        using var pull = await PullClient.OpenAsync(client, topic);
        await client.CallAsync("PubSub/Pause", new PauseRequest(), PauseResponse.Parser);
        await InitAsync(client);
        await client.PublishAsync(topic, "{}");
        await pull.NextAsync();
    }

    [Fact]
    public async Task A_pause_after_another_Init_reaches_the_streams_from_before_it()
    {
        using var client = await InitAsync();
        var topic = fixture.Name("topic");
        using var pull = await PullClient.OpenAsync(client, topic);
        // Only what the stream brought shows that it is open, and not one that ends a pause.
        await client.PublishAsync(topic, "{}");
        await pull.AckAsync((await pull.NextAsync()).Id);
        await client.InitPubSubAsync(("redisHost", fixture.Redis.Host), ("consumerID", "app"), ("maxInFlight", "3"));
        await client.CallAsync("PubSub/Pause", new PauseRequest(), PauseResponse.Parser);
        await client.PublishAsync(topic, """{"n":2}""");

        Assert.True(await pull.IsQuietAsync(Quiet));
        await client.CallAsync("PubSub/Resume", new ResumeRequest(), ResumeResponse.Parser);
        await pull.NextAsync();
    }

    [Fact]
    public async Task Another_Init_of_the_instance_leaves_its_older_streams_working()
    {
        using var client = await InitAsync();
        var topic = fixture.Name("topic");
        using var pull = await PullClient.OpenAsync(client, topic);
        await client.InitPubSubAsync(("redisHost", fixture.Redis.Host), ("consumerID", "app"), ("maxInFlight", "3"));
        await client.PublishAsync(topic, "{}");
        await pull.AckAsync((await pull.NextAsync()).Id);
    }

    [Fact]
    public async Task What_comes_later_is_refused_and_not_ignored()
    {
        using var client = await InitAsync();
        var refused = await client.RefusalAsync(
            "PubSub/Publish",
            new PublishRequest { Topic = fixture.Name("topic"), Metadata = { ["delay"] = "5s" } }
        );
        Assert.Equal(GrpcCode.Unimplemented, refused.Code);
        Assert.StartsWith("NOT_YET:", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_over_its_limit_is_refused_at_publish()
    {
        using var client = await InitAsync();
        var refused = await client.RefusalAsync(
            "PubSub/Publish",
            new PublishRequest { Topic = fixture.Name("topic"), Data = ByteString.CopyFrom(new byte[4_100_000]) }
        );
        Assert.Equal(GrpcCode.InvalidArgument, refused.Code);
        Assert.StartsWith("TOO_LARGE:", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_at_its_limit_is_delivered_within_what_a_sidecar_receives()
    {
        using var client = await InitAsync();
        var topic = fixture.Name("topic");
        using var pull = await PullClient.OpenAsync(client, topic);
        await client.CallAsync(
            "PubSub/Publish",
            new PublishRequest { Topic = topic, Data = ByteString.CopyFrom(new byte[4_089_446]) },
            PublishResponse.Parser
        );
        var delivery = await pull.NextAsync();
        Assert.Equal(4_089_446, delivery.Data.Length);
        await pull.AckAsync(delivery.Id);
    }

    private async Task<ComponentClient> InitAsync()
    {
        var client = fixture.Client();
        await InitAsync(client);
        return client;
    }

    private Task InitAsync(ComponentClient client) => client.InitPubSubAsync(("redisHost", fixture.Redis.Host), ("consumerID", "app"));
}
