using System.Text;
using System.Text.Json;
using Darq.Engine.Publishing;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Engine.Subscriptions.Reading;
using Xunit;

namespace Darq.Tests.Unit.Subscriptions.Deliveries;

public sealed class EnvelopeTests
{
    private static readonly string[] Headers =
    [
        "darq-token",
        "darq-id",
        "darq-idempotency-key",
        "darq-attempt",
        "darq-world-line",
        "darq-partition",
        "darq-position",
    ];

    private static readonly string[] Shown =
    [
        "metadata.darq-token",
        "metadata.darq-id",
        "metadata.darq-idempotency-key",
        "metadata.darq-attempt",
    ];

    [Theory]
    [InlineData("""{"specversion":"1.0","data":1}""")]
    [InlineData("""{"data":"}","specversion":"1.0"}""")]
    [InlineData("""{"specversion":"1.0"}""")]
    [InlineData("""  { "specversion" : "1.0" } """)]
    [InlineData("{\"specversion\":\"1.0\",\"data\":{\"a\":[]}}\r\n\t ")]
    public void An_event_gets_every_header_as_an_attribute_too(string data)
    {
        var delivery = Compose(data);

        using var json = JsonDocument.Parse(delivery.Data);
        using var before = JsonDocument.Parse(data);
        foreach (var header in Headers)
        {
            Assert.Equal(
                Header(delivery, header),
                json.RootElement.GetProperty(header.Replace("-", "", StringComparison.Ordinal)).GetString()
            );
        }
        Assert.Equal(before.RootElement.EnumerateObject().Count() + Headers.Length, json.RootElement.EnumerateObject().Count());
    }

    [Theory]
    [InlineData("[1,2]")]
    [InlineData("\"{}\"")]
    [InlineData("plain text")]
    [InlineData("{")]
    [InlineData("}")]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("{\"a\":1}x")]
    [InlineData("{}")]
    [InlineData(" { } ")]
    [InlineData("{\"data\":1} \r\n")]
    [InlineData("{\"data\":{\"specversion\":\"1.0\"}}")]
    [InlineData("[{\"specversion\":\"1.0\"}]")]
    [InlineData("{\"specversion\":\"1.0\"")]
    [InlineData("{\"specversion\":\"1.0\"}{")]
    [InlineData("{\"text\":\"say \\\"specversion\\\"\"}")]
    public void Anything_else_goes_as_it_came(string data) => Assert.Equal(data, Encoding.UTF8.GetString(Compose(data).Data.Span));

    [Fact]
    public void An_attribute_that_the_publisher_forged_does_not_win()
    {
        using var json = JsonDocument.Parse(Compose("""{"specversion":"1.0","darqtoken":"forged"}""").Data);

        Assert.StartsWith("s1:", json.RootElement.GetProperty("darqtoken").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bad name", "v")]
    [InlineData("näme", "v")]
    [InlineData("a:b", "v")]
    [InlineData("trace-bin", "v")]
    [InlineData("Content-Length", "1")]
    [InlineData("dapr-api-token", "v")]
    [InlineData("metadata.darq-token", "forged")]
    public void Metadata_whose_name_no_header_can_have_is_dropped(string name, string value) =>
        Assert.Equal([.. Headers, .. Shown], Compose("x", metadata: (name, value)).Metadata.Select(entry => entry.Key));

    [Theory]
    [InlineData("line\r\nbreak", "line%0D%0Abreak")]
    [InlineData("ü", "%C3%BC")]
    public void A_value_that_no_header_can_carry_is_percent_encoded(string value, string header) =>
        Assert.Contains(new("a", header), Compose("x", metadata: ("a", value)).Metadata);

    [Fact]
    public void Other_metadata_becomes_headers() =>
        Assert.Contains(new("trace.parent_1", "a b~"), Compose("x", metadata: ("trace.parent_1", "a b~")).Metadata);

    [Fact]
    public void Every_header_value_is_printable_ascii_whatever_the_names_are()
    {
        var delivery = Compose("""{"specversion":"1.0"}""", id: "ä\n\"\\🚀", topic: "größe:\u0085{}");

        Assert.All(delivery.Metadata, entry => Assert.All(entry.Value, c => Assert.InRange(c, ' ', '~')));
        using var json = JsonDocument.Parse(delivery.Data);
        Assert.Equal("%C3%A4%0A%22%5C%F0%9F%9A%80", json.RootElement.GetProperty("darqid").GetString());
    }

    [Fact]
    public void An_id_with_quotes_keeps_the_object_well_formed()
    {
        using var json = JsonDocument.Parse(Compose("""{"specversion":"1.0"}""", id: "a\"b\\c").Data);

        Assert.Equal("a\"b\\c", json.RootElement.GetProperty("darqid").GetString());
    }

    [Theory]
    [InlineData(true, "true")]
    [InlineData(false, "false")]
    public void Says_whether_it_is_durable(bool durable, string word)
    {
        var delivery = Compose("""{"specversion":"1.0"}""") with { Durable = durable };

        Assert.Equal(word, Header(delivery, "darq-durable"));
        using var json = JsonDocument.Parse(delivery.Data);
        Assert.Equal(word, json.RootElement.GetProperty("darqdurable").GetString());
    }

    [Fact]
    public void Says_nothing_of_durability_where_that_is_not_known()
    {
        var delivery = Compose("""{"specversion":"1.0"}""");

        Assert.DoesNotContain("darq-durable", delivery.Metadata.Select(entry => entry.Key));
        Assert.DoesNotContain("darqdurable", Encoding.UTF8.GetString(delivery.Data.Span), StringComparison.Ordinal);
    }

    [Fact]
    public void The_idempotency_key_stays_over_attempts_owners_and_places_in_the_stream()
    {
        var first = Compose("x", id: "order 7", topic: "a:b/c");
        var moved = Message("x", "order 7") with { StreamId = new(6, 9) };
        var second = Envelope.Compose(moved, new("s2", "g", "a:b/c", 3, new(6, 9), 99, "i"), "a:b/c", 4, 7);

        Assert.Equal("a%3Ab%2Fc/3/order 7", Header(first, "darq-idempotency-key"));
        Assert.Equal("a%3Ab%2Fc/3/order 7", Header(second, "darq-idempotency-key"));
        Assert.Equal(("1", "4"), (Header(first, "darq-attempt"), Header(second, "darq-attempt")));
    }

    [Theory]
    [InlineData("a", "b/c", "a/b", "c")]
    [InlineData("a/3", "c", "a", "3/c")]
    [InlineData("a%2Fb", "c", "a/b", "c")]
    public void Two_messages_never_have_one_idempotency_key(string topic, string id, string otherTopic, string otherId) =>
        Assert.NotEqual(
            Header(Compose("x", id, topic), "darq-idempotency-key"),
            Header(Compose("x", otherId, otherTopic), "darq-idempotency-key")
        );

    private static Delivery Compose(string data, string id = "i", string topic = "t", params (string Name, string Value)[] metadata) =>
        Envelope.Compose(Message(data, id, metadata), new("s1", "g", topic, 3, new(5, 6), 8, "i"), topic, 1, 7);

    private static Message Message(string data, string id, params (string Name, string Value)[] metadata) =>
        new(
            3,
            new(5, 6),
            id,
            "",
            Encoding.UTF8.GetBytes(data),
            MessageMetadata.Serialize(metadata.ToDictionary(entry => entry.Name, entry => entry.Value)),
            long.MaxValue,
            new(5, 9)
        );

    private static string Header(Delivery delivery, string name) => delivery.Metadata.Single(entry => entry.Key == name).Value;
}
