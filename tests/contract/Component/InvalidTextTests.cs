using System.Text;
using Darq.Protos;
using Darq.Tests.Shared.GrpcClient;
using Google.Protobuf;
using Xunit;

namespace Darq.Tests.Contract;

/// <summary>Texts that are no text, or that a sidecar cannot hand on: an app chooses them, and no other app may notice.</summary>
[Collection(SharedComponent.Name)]
public sealed class InvalidTextTests(ComponentFixture fixture)
{
    // A name of as many bytes, in whose place they are put.
    private const string Placeholder = "~~~~";
    private static readonly byte[] NoUtf8 = [0xff, 0xfe, 0xed, 0xa0];

    public static TheoryData<string, byte[]> Requests =>
        new()
        {
            { "PubSub/Publish", Broken(new PublishRequest { Topic = Placeholder }) },
            { "PubSub/Publish", Broken(new PublishRequest { Topic = "t", Metadata = { ["name"] = Placeholder } }) },
            { "PubSub/Publish", Broken(new PublishRequest { Topic = "t", Metadata = { [Placeholder] = "value" } }) },
            {
                "PubSub/BulkPublish",
                Broken(new BulkPublishRequest { Topic = "t", Entries = { new BulkMessageEntry { EntryId = Placeholder } } })
            },
            { "StateStore/Get", Broken(new GetRequest { Key = Placeholder }) },
            {
                "StateStore/Set",
                Broken(
                    new SetRequest
                    {
                        Key = "k",
                        Etag = new() { Value = Placeholder },
                    }
                )
            },
            { "StateStore/BulkGet", Broken(new BulkGetRequest { Items = { new GetRequest { Key = Placeholder } } }) },
            { "OutputBinding/Invoke", Broken(new InvokeRequest { Operation = Placeholder }) },
            { "PubSub/Init", Broken(new PubSubInitRequest { Metadata = ComponentClient.Metadata(("consumerID", Placeholder)) }) },
        };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task A_request_whose_text_is_no_UTF_8_is_answered_as_malformed(string method, byte[] request)
    {
        using var client = await InitAsync();

        var refused = await client.RefusalAsync(method, PingRequest.Parser.ParseFrom(request));

        Assert.Equal(GrpcCode.Internal, refused.Code);
        Assert.StartsWith("A message of the request is not a valid ", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_whose_topic_is_no_UTF_8_is_refused_and_the_others_go_on()
    {
        using var client = await InitAsync();
        var topic = fixture.Name("topic");
        using var pull = await PullClient.OpenAsync(client, topic);
        using var broken = client.Open("PubSub/PullMessages");
        await broken.WriteAsync(PingRequest.Parser.ParseFrom(Broken(new PullMessagesRequest { Topic = new() { Name = Placeholder } })));

        Assert.Null(await broken.ReadAsync(PullMessagesResponse.Parser));
        Assert.Equal(GrpcCode.Internal, broken.Status!.Code);
        await client.PublishAsync(topic, "{}");
        await pull.NextAsync();
    }

    [Theory]
    [InlineData("a\0b")]
    [InlineData("a\nb")]
    [InlineData("a*b")]
    [InlineData("")]
    public async Task A_topic_with_control_characters_is_refused_to_publishers_and_subscribers(string topic)
    {
        using var client = await InitAsync();

        var refused = await client.RefusalAsync("PubSub/Publish", new PublishRequest { Topic = topic });
        using var pull = await PullClient.OpenAsync(client, topic);

        Assert.Equal(GrpcCode.InvalidArgument, refused.Code);
        Assert.Equal(GrpcCode.InvalidArgument, (await pull.EndAsync()).Code);
        Assert.DoesNotContain(refused.Message, letter => letter < ' ');
    }

    [Fact]
    public async Task Keys_of_state_are_told_apart_by_every_byte()
    {
        using var client = await InitAsync();
        var prefix = fixture.Name("key");
        string[] keys =
        [
            prefix,
            $"{prefix}\0",
            $"{prefix}\n",
            $"{prefix} ",
            $"{prefix}\u007f",
            $"{prefix}\ud83d\ude00",
            $"{prefix}é",
            $"{prefix}e\u0301",
        ];
        foreach (var key in keys)
        {
            await client.CallAsync(
                "StateStore/Set",
                new SetRequest { Key = key, Value = ByteString.CopyFromUtf8(key) },
                SetResponse.Parser
            );
        }

        var request = new BulkGetRequest { Items = { keys.Select(key => new GetRequest { Key = key }) } };
        var items = (await client.CallAsync("StateStore/BulkGet", request, BulkGetResponse.Parser)).Items;

        Assert.Equal(keys, items.Select(item => item.Data.ToStringUtf8()));
        Assert.Equal(keys, items.Select(item => item.Key));
    }

    [Theory]
    [InlineData("", "value")]
    [InlineData("a b", "value")]
    [InlineData("é", "value")]
    [InlineData("a\r\nb", "value")]
    [InlineData("a\0b", "value")]
    [InlineData("name", "a\0b")]
    [InlineData("name", "a\r\nb: c")]
    [InlineData("name", "é\ud83d\ude00\u007f")]
    [InlineData("partitionKey", "a\0\n")]
    [InlineData("darq.id", "a\0\n")]
    [InlineData("content-length", "5")]
    [InlineData("grpc-timeout", "1n")]
    [InlineData("x-bin", "value")]
    public async Task Whatever_metadata_a_message_has_its_delivery_is_one_that_a_sidecar_hands_on(string name, string value)
    {
        using var client = await InitAsync();
        var topic = fixture.Name("topic");
        using var pull = await PullClient.OpenAsync(client, topic);
        await client.PublishAsync(topic, """{"specversion":"1.0","id":"1","source":"s","type":"t"}""", (name, value));

        var delivery = await pull.NextAsync();

        Assert.All(delivery.Metadata, entry => Assert.Matches("^[A-Za-z0-9-._]+$", entry.Key));
        Assert.All(delivery.Metadata, entry => Assert.Matches("^[ -~]*$", entry.Value));
        Assert.DoesNotContain("content-length", delivery.Metadata.Keys);
        await pull.AckAsync(delivery.Id);
        Assert.True(await pull.IsQuietAsync(TimeSpan.FromMilliseconds(100)));
    }

    [Theory]
    [InlineData("""{"emit":[{"topic":"\ud800","data":1}]}""")]
    [InlineData("""{"emit":[{"topic":"t","data":1,"key":"\udc00"}]}""")]
    [InlineData("""{"emit":[{"topic":"t","data":"\ud800"}]}""")]
    [InlineData("""{"state":[{"op":"upsert","key":"\ud800","value":1}]}""")]
    [InlineData("""{"state":[{"op":"upsert","key":"k","value":"\ud800"}]}""")]
    [InlineData("""{"\ud800":1}""")]
    public async Task Half_a_surrogate_pair_in_a_step_is_refused_and_nothing_of_it_happens(string step)
    {
        using var binding = await BindingClient.InitAsync(fixture);

        var refused = await binding.RefusalAsync(step);

        Assert.Equal(GrpcCode.InvalidArgument, refused.Code);
        Assert.StartsWith("INVALID: ", refused.Message, StringComparison.Ordinal);
    }

    private async Task<ComponentClient> InitAsync()
    {
        var client = fixture.Client();
        await client.InitPubSubAsync(("redisHost", fixture.Redis.Host), ("consumerID", "app"));
        await client.InitStateAsync(("redisHost", fixture.Redis.Host));
        await client.InitOutputAsync(("redisHost", fixture.Redis.Host), ("appID", "app"));
        return client;
    }

    /// <summary>The request with bytes that are no UTF-8 in place of the placeholder.</summary>
    private static byte[] Broken(IMessage request)
    {
        var bytes = request.ToByteArray();
        NoUtf8.CopyTo(bytes, bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Placeholder)));
        return bytes;
    }
}
