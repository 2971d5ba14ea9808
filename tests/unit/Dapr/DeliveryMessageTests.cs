using System.Buffers;
using System.Text;
using Darq.Component.Dapr;
using Darq.Engine.Publishing;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Engine.Subscriptions.Reading;
using Darq.Protos;
using Xunit;

namespace Darq.Tests.Unit.Dapr;

public sealed class DeliveryMessageTests
{
    private static readonly string Long = new('x', 20_000);

    [Theory]
    [InlineData("""{"a":1}""", "t")]
    [InlineData("text", "größe~2")]
    public void A_pulled_message_is_what_the_generated_one_would_be(string data, string topic)
    {
        var delivery = Delivery(data, topic);

        var parsed = PullMessagesResponse.Parser.ParseFrom(Encode(DeliveryMessage.OfPull(), delivery));

        Assert.Equal((delivery.Token, topic), (parsed.Id, parsed.TopicName));
        Assert.Equal(delivery.Data.ToArray(), parsed.Data.ToByteArray());
        Assert.Equal(delivery.Metadata.ToDictionary(), parsed.Metadata);
        Assert.Equal(parsed.CalculateSize(), Encode(DeliveryMessage.OfPull(), delivery).Length);
    }

    [Fact]
    public void A_read_message_is_what_the_generated_one_would_be()
    {
        var delivery = Delivery($$"""{"data":"{{Long}}"}""", "t");

        var parsed = ReadResponse.Parser.ParseFrom(Encode(DeliveryMessage.OfRead(), delivery));

        Assert.Equal(delivery.Token, parsed.MessageId);
        Assert.Equal(delivery.Data.ToArray(), parsed.Data.ToByteArray());
        Assert.Equal(delivery.Metadata.ToDictionary(), parsed.Metadata);
    }

    [Fact]
    public void Nothing_of_a_delivery_is_left_in_the_next()
    {
        var message = DeliveryMessage.OfRead();
        Encode(message, Delivery("""{"a":1}""", "t", ("trace", Long)));

        var parsed = ReadResponse.Parser.ParseFrom(Encode(message, Delivery("text", "t")));

        Assert.Equal("text", parsed.Data.ToStringUtf8());
        Assert.Equal(Delivery("text", "t").Metadata.ToDictionary(), parsed.Metadata);
    }

    [Theory]
    [InlineData(true, "true")]
    [InlineData(false, "false")]
    [InlineData(null, null)]
    public void Whether_it_is_durable_is_a_header_where_that_is_known(bool? durable, string? header)
    {
        var delivery = Delivery("""{"specversion":"1.0"}""", "t") with { Durable = durable };

        var parsed = PullMessagesResponse.Parser.ParseFrom(Encode(DeliveryMessage.OfPull(), delivery));

        Assert.Equal(header, parsed.Metadata.GetValueOrDefault("darq-durable"));
        Assert.Equal(parsed.CalculateSize(), Encode(DeliveryMessage.OfPull(), delivery).Length);
    }

    [Fact]
    public void Metadata_of_the_publisher_goes_along()
    {
        var parsed = ReadResponse.Parser.ParseFrom(Encode(DeliveryMessage.OfRead(), Delivery("x", "t", ("trace", Long), ("empty", ""))));

        Assert.Equal((Long, ""), (parsed.Metadata["trace"], parsed.Metadata["empty"]));
    }

    private static byte[] Encode(DeliveryMessage message, Delivery delivery)
    {
        var output = new ArrayBufferWriter<byte>();
        message.Fill(delivery);
        message.WriteTo(output);
        Assert.Equal(message.CalculateSize(), output.WrittenCount);
        return output.WrittenSpan.ToArray();
    }

    private static Delivery Delivery(string data, string topic, params (string Name, string Value)[] metadata)
    {
        var written = MessageMetadata.Serialize(metadata.ToDictionary(entry => entry.Name, entry => entry.Value));
        var message = new Message(3, new(5, 6), "i", "", Encoding.UTF8.GetBytes(data), written, long.MaxValue, new(5, 9));
        return Envelope.Compose(message, new("s1", "g", "t", 3, new(5, 6), 8, "i"), topic, 1, 7);
    }
}
