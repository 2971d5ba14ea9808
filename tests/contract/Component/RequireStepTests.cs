using Darq.Protos;
using Xunit;

namespace Darq.Tests.Contract;

/// <summary>With requireStep only a step ends a message, or the sidecar's own dead letter.</summary>
[Collection(SharedComponent.Name)]
public sealed class RequireStepTests(ComponentFixture fixture)
{
    private const string Event = """{"specversion":"1.0","id":"1","source":"s","type":"t","data":7}""";
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(500);

    [Fact]
    public async Task An_acknowledgement_without_a_step_is_a_failure()
    {
        using var client = await InitAsync();
        var topic = fixture.Name("topic");
        using var pull = await OpenAsync(client, topic);
        await client.PublishAsync(topic, Event);

        await pull.AckAsync((await pull.NextAsync()).Id);

        Assert.Equal("2", (await pull.NextAsync()).Metadata["darq-attempt"]);
    }

    [Fact]
    public async Task A_message_that_a_step_consumed_is_done_whatever_is_answered()
    {
        using var client = await InitAsync();
        var topic = fixture.Name("topic");
        using var pull = await OpenAsync(client, topic);
        await client.PublishAsync(topic, Event);
        await client.PublishAsync(topic, "{}");
        var (first, second) = (await pull.NextAsync(), await pull.NextAsync());
        await ConsumeAsync(client, first.Id);
        await ConsumeAsync(client, second.Id);

        await pull.AckAsync(first.Id);
        await pull.NackAsync(second.Id);

        Assert.True(await pull.IsQuietAsync(Quiet));
    }

    [Fact]
    public async Task The_sidecars_dead_letter_ends_the_message_and_comes_once_however_often_it_is_published()
    {
        using var client = await InitAsync();
        var (topic, graveyard) = (fixture.Name("topic"), fixture.Name("topic"));
        using var dead = await PullClient.OpenAsync(client, graveyard);
        using var pull = await OpenAsync(client, topic);
        await client.PublishAsync(topic, Event);
        var delivery = await pull.NextAsync();

        // A sidecar whose app answers DROP publishes twice.
        await PublishDeadAsync(client, graveyard, delivery);
        await PublishDeadAsync(client, graveyard, delivery);
        await pull.NackAsync(delivery.Id, "pubsub message dropped");

        Assert.True(await pull.IsQuietAsync(Quiet));
        var letter = await dead.NextAsync();
        Assert.Equal("the sidecar gave it up", letter.Metadata["darq-dead-reason"]);
        Assert.Equal(topic, letter.Metadata["darq-dead-topic"]);
        await dead.AckAsync(letter.Id);
        Assert.True(await dead.IsQuietAsync(Quiet));
    }

    [Fact]
    public async Task A_dead_letter_is_found_by_the_event_where_no_header_names_the_delivery()
    {
        using var client = await InitAsync();
        var (topic, graveyard) = (fixture.Name("topic"), fixture.Name("topic"));
        using var pull = await OpenAsync(client, topic);
        await client.PublishAsync(topic, Event);
        var delivery = await pull.NextAsync();

        await client.PublishAsync(graveyard, delivery.Data.ToStringUtf8(), ("pubsubName", "ps"));
        await pull.AckAsync(delivery.Id);

        Assert.True(await pull.IsQuietAsync(Quiet));
    }

    [Theory]
    [InlineData("forwarded by the app", false, true)]
    [InlineData("other bytes", true, false)]
    public async Task Any_other_publish_ends_nothing(string why, bool fromSidecar, bool sameBytes)
    {
        using var client = await InitAsync();
        var (topic, elsewhere) = (fixture.Name("topic"), fixture.Name("topic"));
        using var pull = await OpenAsync(client, topic);
        await client.PublishAsync(topic, Event);
        var delivery = await pull.NextAsync();
        var data = delivery.Data.ToStringUtf8();

        (string, string)[] metadata =
        [
            ("darq-token", delivery.Id),
            .. fromSidecar ? [("pubsubName", "ps")] : Array.Empty<(string, string)>(),
        ];
        await client.PublishAsync(elsewhere, sameBytes ? data : data + " ", metadata);
        await pull.AckAsync(delivery.Id);

        Assert.Equal("2", (await pull.NextAsync()).Metadata["darq-attempt"]);
        Assert.NotEmpty(why);
    }

    [Fact]
    public async Task Without_requireStep_the_sidecars_dead_letter_is_an_ordinary_publish()
    {
        using var client = await InitAsync();
        var (topic, graveyard) = (fixture.Name("topic"), fixture.Name("topic"));
        using var dead = await PullClient.OpenAsync(client, graveyard);
        using var pull = await PullClient.OpenAsync(client, topic);
        await client.PublishAsync(topic, Event);
        var delivery = await pull.NextAsync();

        await PublishDeadAsync(client, graveyard, delivery);

        Assert.False((await dead.NextAsync()).Metadata.ContainsKey("darq-dead-reason"));
    }

    private static Task PublishDeadAsync(ComponentClient client, string graveyard, PullMessagesResponse delivery) =>
        client.PublishAsync(
            graveyard,
            delivery.Data.ToStringUtf8(),
            ("content-type", ""),
            ("darq-token", delivery.Metadata["darq-token"]),
            ("pubsubName", "ps")
        );

    private async Task<ComponentClient> InitAsync()
    {
        var client = fixture.Client();
        await client.InitPubSubAsync(("redisHost", fixture.Redis.Host), ("consumerID", "app"), ("retryDelay", "10ms"));
        await client.InitStateAsync(("redisHost", fixture.Redis.Host));
        return client;
    }

    private static Task<PullClient> OpenAsync(ComponentClient client, string topic) =>
        PullClient.OpenAsync(client, topic, ("requireStep", "true"));

    private static Task<TransactionalStateResponse> ConsumeAsync(ComponentClient client, string token) =>
        client.CallAsync(
            "TransactionalStateStore/Transact",
            new TransactionalStateRequest
            {
                Operations = { new TransactionalStateOperation { Delete = new DeleteRequest { Key = "darq-step" } } },
                Metadata = { ["darq.token"] = token },
            },
            TransactionalStateResponse.Parser
        );
}
