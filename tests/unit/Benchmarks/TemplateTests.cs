using System.Text;
using Darq.Benchmarks.Client;
using Darq.Protos;
using Google.Protobuf;
using Xunit;

namespace Darq.Tests.Unit.Benchmarks;

public sealed class TemplateTests
{
    [Fact]
    public void Each_place_of_a_request_gets_its_number_and_nothing_else_changes()
    {
        var template = new Template(new BulkPublishRequest { Topic = "t", Entries = { Entry(), Entry() } });

        var next = template.PutCounting(41);

        var request = BulkPublishRequest.Parser.ParseFrom(template.Bytes[5..].ToArray());
        Assert.Equal(43, next);
        Assert.Equal("t", request.Topic);
        Assert.Equal(["id 0000000000000041.", "id 0000000000000042."], request.Entries.Select(entry => entry.Event.ToStringUtf8()));
    }

    [Fact]
    public void A_message_carries_its_length_in_front()
    {
        var framed = Template.Framed(new PingRequest());

        Assert.Equal(new byte[5], framed);
        Assert.Equal(3, Template.Framed(new GetRequest { Key = "k" })[4]);
    }

    [Fact]
    public void Fields_are_read_and_written_as_the_library_does_it()
    {
        var token = new string('t', 300);
        var response = new PullMessagesResponse
        {
            Data = ByteString.CopyFrom(new byte[200]),
            TopicName = "topic",
            Metadata = { ["a"] = "b" },
            Id = token,
        };

        Assert.Equal(token, Encoding.ASCII.GetString(Fields.Find(response.ToByteArray(), 5)));
        var written = new byte[400];
        var length = Fields.Write(written, 2, Encoding.ASCII.GetBytes(token));
        Assert.Equal(token, PullMessagesRequest.Parser.ParseFrom(written, 0, length).AckMessageId);
    }

    private static BulkMessageEntry Entry() => new() { Event = ByteString.CopyFromUtf8($"id {Template.Marker}.") };
}
