using Xunit;

namespace Darq.Tests.Contract;

/// <summary>Where an app of any SDK finds the token of a delivery, and where it must not stand.</summary>
[Collection(SharedComponent.Name)]
public sealed class DeliveredNamesTests(ComponentFixture fixture)
{
    private const string Event = """{"specversion":"1.0","id":"1","source":"s","type":"t","data":7}""";

    [Fact]
    public async Task What_a_step_needs_also_has_names_that_an_SDK_shows_which_hides_all_others()
    {
        using var client = await InitAsync();
        var topic = fixture.Name("topic");
        using var pull = await PullClient.OpenAsync(client, topic);
        await client.PublishAsync(topic, Event);

        var metadata = (await pull.NextAsync()).Metadata;

        Assert.All(
            ["darq-token", "darq-id", "darq-attempt", "darq-idempotency-key"],
            name => Assert.Equal(metadata[name], metadata[$"metadata.{name}"])
        );
    }

    [Fact]
    public async Task A_forwarded_message_keeps_none_of_these_names()
    {
        using var client = await InitAsync();
        var (topic, further) = (fixture.Name("topic"), fixture.Name("topic"));
        using var pull = await PullClient.OpenAsync(client, topic);
        using var next = await PullClient.OpenAsync(client, further);
        await client.PublishAsync(topic, Event);
        var first = await pull.NextAsync();

        await client.PublishAsync(further, Event, [.. first.Metadata.Select(entry => (entry.Key, entry.Value))]);

        var second = await next.NextAsync();
        Assert.Equal(second.Id, second.Metadata["metadata.darq-token"]);
        Assert.Equal(first.Metadata.Keys.Order(), second.Metadata.Keys.Order());
    }

    [Fact]
    public async Task A_raw_subscriber_gets_an_event_as_it_was_published_and_the_token_beside_it()
    {
        using var client = await InitAsync();
        var topic = fixture.Name("topic");
        using var raw = await PullClient.OpenAsync(client, topic, ("rawPayload", "true"));
        await client.PublishAsync(topic, Event);

        var delivery = await raw.NextAsync();

        Assert.Equal(Event, delivery.Data.ToStringUtf8());
        Assert.Equal(delivery.Id, delivery.Metadata["darq-token"]);
    }

    [Fact]
    public async Task The_sidecars_dead_letter_of_a_raw_subscriber_is_known_by_the_bytes_it_got()
    {
        using var client = await InitAsync();
        var (topic, graveyard) = (fixture.Name("topic"), fixture.Name("topic"));
        using var dead = await PullClient.OpenAsync(client, graveyard);
        using var raw = await PullClient.OpenAsync(client, topic, ("rawPayload", "true"), ("requireStep", "true"));
        await client.PublishAsync(topic, Event);
        var delivery = await raw.NextAsync();

        await client.PublishAsync(graveyard, delivery.Data.ToStringUtf8(), ("darq-token", delivery.Id), ("pubsubName", "ps"));

        Assert.Equal(topic, (await dead.NextAsync()).Metadata["darq-dead-topic"]);
    }

    private async Task<ComponentClient> InitAsync()
    {
        var client = fixture.Client();
        await client.InitPubSubAsync(("redisHost", fixture.Redis.Host), ("consumerID", "app"));
        return client;
    }
}
