using System.Text;
using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Acks;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Engine.Subscriptions.Reading;
using Xunit;

namespace Darq.Tests.Unit.Subscriptions.Acks;

public sealed class DeadLetterTests
{
    [Fact]
    public void Without_a_limit_nothing_is_given_up() => Assert.Null(DeadLetter.TopicOf(new() { DeadLetterTopic = "graveyard" }, "g", "t"));

    [Fact]
    public void The_topic_is_named_after_topic_and_group_unless_one_is_given()
    {
        Assert.Equal("t.g.dead", DeadLetter.TopicOf(new() { MaxDeliveries = 1 }, "g", "t"));
        Assert.Equal("graveyard", DeadLetter.TopicOf(new() { MaxDeliveries = 1, DeadLetterTopic = "graveyard" }, "g", "t"));
    }

    [Theory]
    [InlineData("graveyard", true)]
    [InlineData("t.g.dead", true)]
    [InlineData("t.h.dead", false)]
    [InlineData("t", false)]
    public void Dead_letters_of_the_group_are_known_by_their_topic(string topic, bool isIn) =>
        Assert.Equal(isIn, DeadLetter.IsIn(topic, new() { DeadLetterTopic = "graveyard" }, "g"));

    [Fact]
    public void A_name_that_would_be_too_long_is_refused_and_the_setting_named() =>
        Assert.Contains(
            "give a deadLetterTopic",
            Refused(new() { MaxDeliveries = 1 }, new('g', 200), new('t', 200)),
            StringComparison.Ordinal
        );

    [Fact]
    public void A_dead_letter_keeps_its_metadata_and_says_why_whose_and_what_it_was()
    {
        var own = Encoding.UTF8.GetBytes("""{"tenant":"a","darq-dead-reason":"earlier"}""");
        var message = new Message(3, new(5, 6), "ünique", "k", "{}"u8.ToArray(), own, long.MaxValue, new(5, 1));

        var metadata = DeadLetter.Metadata(message, DeadLetter.DeliveriesFailed, "group:1", "t", 4, DateTimeOffset.UnixEpoch);

        Assert.Equal(
            [
                new("tenant", "a"),
                new("darq-dead-reason", "deliveries failed"),
                new("darq-dead-group", "group%3A1"),
                new("darq-dead-topic", "t"),
                new("darq-dead-failures", "4"),
                new("darq-dead-id", "%C3%BCnique"),
                new("darq-dead-message", "3-5-6"),
                new("darq-dead-time", "1970-01-01T00:00:00.000Z"),
            ],
            MessageMetadata.Parse(metadata.Span)
        );
        var letter = message with { Metadata = metadata };
        var headers = Envelope.Compose(letter, new("s", "g", "t", 3, new(5, 6), 1, "i"), "t", 1, 5).Metadata;
        Assert.Contains(new("darq-dead-reason", "deliveries failed"), headers);
    }

    [Fact]
    public void Each_death_has_an_id_of_its_own()
    {
        var message = new Message(3, new(5, 6), "m", "", default, default, long.MaxValue, new(5, 1));
        string[] ids =
        [
            DeadLetter.IdOf("g", "t", message),
            DeadLetter.IdOf("h", "t", message),
            DeadLetter.IdOf("g", "u", message),
            DeadLetter.IdOf("g", "t", message with { StreamId = new(5, 7) }),
        ];

        Assert.Equal(4, ids.Distinct().Count());
        Assert.All(ids, id => Assert.Equal(id, MessageIds.MarkOf(id)));
    }

    [Fact]
    public void A_publisher_cannot_make_a_message_look_dead() =>
        Assert.True(MessageMetadata.Serialize(new Dictionary<string, string> { ["Darq-Dead-Reason"] = "x" }).IsEmpty);

    private static string Refused(SubscriptionOptions options, string group, string topic)
    {
        var refused = Assert.Throws<DarqException>(() => DeadLetter.TopicOf(options, group, topic));
        Assert.Equal(ErrorCode.Invalid, refused.Code);
        return refused.Message;
    }
}
