using System.Text.Json;
using Darq.Protos;
using Darq.Tests.Shared.GrpcClient;
using Google.Protobuf;
using Xunit;

namespace Darq.Tests.Contract;

[Collection(SharedComponent.Name)]
public sealed class BindingTests(ComponentFixture fixture)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(500);

    [Theory]
    [InlineData("publish")]
    [InlineData("create")]
    public async Task Publishing_answers_with_id_duplicate_and_position(string operation)
    {
        using var client = await InitAsync(fixture.Name("topic"));
        var first = await InvokeAsync(client, operation, """{"n":1}""", ("darq.id", "order-1"));
        var again = await InvokeAsync(client, operation, """{"n":1}""", ("darq.id", "order-1"));

        Assert.Equal("OK", first.GetProperty("outcome").GetString());
        Assert.NotEmpty(first.GetProperty("position").GetString()!);
        Assert.False(first.GetProperty("emitted")[0].GetProperty("duplicate").GetBoolean());
        Assert.True(again.GetProperty("emitted")[0].GetProperty("duplicate").GetBoolean());
        Assert.Equal(
            first.GetProperty("emitted")[0].GetProperty("id").GetString(),
            again.GetProperty("emitted")[0].GetProperty("id").GetString()
        );
    }

    [Fact]
    public async Task What_a_binding_publishes_is_an_event_to_a_subscriber()
    {
        var topic = fixture.Name("topic");
        using var client = await InitAsync(topic);
        await client.InitPubSubAsync(("redisHost", fixture.Redis.Host), ("consumerID", "subscriber"));
        using var pull = await PullClient.OpenAsync(client, topic);
        await InvokeAsync(client, "publish", """{"n":1}""", ("authorization", "Bearer secret"));
        await InvokeAsync(client, "publish", "plain text");
        await InvokeAsync(client, "publish", "raw", ("rawPayload", "true"));

        List<string> seen = [];
        for (var i = 0; i < 3; i++)
        {
            var delivery = await pull.NextAsync();
            Assert.DoesNotContain("authorization", delivery.Metadata.Keys);
            seen.Add(delivery.Data.ToStringUtf8());
            await pull.AckAsync(delivery.Id);
        }

        Assert.Contains(seen, text =>
            text.Contains("\"specversion\":\"1.0\"", StringComparison.Ordinal)
            && text.Contains("\"data\":{\"n\":1}", StringComparison.Ordinal)
        );
        Assert.Contains(seen, text => text.Contains("\"data\":\"plain text\"", StringComparison.Ordinal));
        Assert.Contains("raw", seen);
    }

    [Fact]
    public async Task An_operation_that_is_not_listed_and_a_missing_topic_are_refused()
    {
        using var client = await InitAsync(topic: null);
        Assert.Equal(
            GrpcCode.InvalidArgument,
            (await client.RefusalAsync("OutputBinding/Invoke", new InvokeRequest { Operation = "delete" })).Code
        );
        var refused = await client.RefusalAsync("OutputBinding/Invoke", new InvokeRequest { Operation = "publish" });
        Assert.Equal(GrpcCode.InvalidArgument, refused.Code);
        Assert.Contains("topic", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bytes_that_are_no_text_need_rawPayload()
    {
        using var client = await InitAsync(fixture.Name("topic"));
        var request = new InvokeRequest { Operation = "publish", Data = ByteString.CopyFrom([0xff, 0xfe]) };
        Assert.Contains("rawPayload", (await client.RefusalAsync("OutputBinding/Invoke", request)).Message, StringComparison.Ordinal);
        request.Metadata["rawPayload"] = "true";
        await client.CallAsync("OutputBinding/Invoke", request, InvokeResponse.Parser);
    }

    [Fact]
    public async Task All_topics_of_a_binding_come_on_one_stream_and_answers_in_any_order_count()
    {
        var (one, two) = (fixture.Name("topic"), fixture.Name("topic"));
        using var client = await InitAsync(topic: null, ("topics", $"{one},{two}"));
        using var call = client.Open("InputBinding/Read", forever: true);
        await PublishAsync(client, one, "1");
        await PublishAsync(client, two, "2");
        var deliveries = new[] { await NextAsync(call), await NextAsync(call) };

        Assert.Equal(["1", "2"], deliveries.Select(delivery => delivery.Data.ToStringUtf8()).Order());
        Assert.All(deliveries, delivery => Assert.Equal(delivery.MessageId, delivery.Metadata["darq-token"]));
        foreach (var delivery in deliveries.Reverse())
        {
            await call.WriteAsync(
                new ReadRequest { MessageId = delivery.MessageId, ResponseData = ByteString.CopyFromUtf8("""{"status":"SUCCESS"}""") }
            );
        }

        await call.WriteAsync(new ReadRequest { MessageId = "unknown" });
        Assert.True(await IsQuietAsync(call));
    }

    [Fact]
    public async Task A_failed_answer_comes_again_as_the_next_attempt()
    {
        using var client = await InitAsync(fixture.Name("topic"), ("retryDelay", "10ms"));
        using var call = client.Open("InputBinding/Read", forever: true);
        await InvokeAsync(client, "publish", "1");
        await AnswerWithErrorAsync(call, await NextAsync(call), "status code: 500");
        Assert.Equal("2", (await NextAsync(call)).Metadata["darq-attempt"]);
    }

    [Fact]
    public async Task An_answer_that_the_binding_is_closed_does_not_count_as_an_attempt()
    {
        using var client = await InitAsync(fixture.Name("topic"));
        using var call = client.Open("InputBinding/Read", forever: true);
        await InvokeAsync(client, "publish", "1");
        await AnswerWithErrorAsync(call, await NextAsync(call), "input binding is closed");
        Assert.Equal("1", (await NextAsync(call)).Metadata["darq-attempt"]);
    }

    [Fact]
    public async Task A_binding_that_only_sends_may_be_read_and_stays_silent()
    {
        using var client = fixture.Client();
        await client.InitInputAsync(("redisHost", fixture.Redis.Host));
        using var call = client.Open("InputBinding/Read", forever: true);
        Assert.True(await IsQuietAsync(call));
    }

    private async Task<ComponentClient> InitAsync(string? topic, params (string Key, string Value)[] metadata)
    {
        var client = fixture.Client();
        (string, string)[] all = [("redisHost", fixture.Redis.Host), ("appID", "app"), ("topic", topic ?? ""), .. metadata];
        await client.InitInputAsync(all);
        await client.InitOutputAsync(all);
        return client;
    }

    private static Task<JsonElement> PublishAsync(ComponentClient client, string topic, string data) =>
        InvokeAsync(client, "publish", data, ("topic", topic), ("rawPayload", "true"));

    private static async Task<JsonElement> InvokeAsync(
        ComponentClient client,
        string operation,
        string data,
        params (string Key, string Value)[] metadata
    )
    {
        var request = new InvokeRequest { Operation = operation, Data = ByteString.CopyFromUtf8(data) };
        foreach (var (key, value) in metadata)
        {
            request.Metadata[key] = value;
        }

        var response = await client.CallAsync("OutputBinding/Invoke", request, InvokeResponse.Parser);
        return JsonDocument.Parse(response.Data.Memory).RootElement;
    }

    private static async Task<ReadResponse> NextAsync(GrpcDuplexCall call) =>
        await call.ReadAsync(ReadResponse.Parser).AsTask().WaitAsync(Patience)
        ?? throw new InvalidOperationException($"The stream ended: {call.Status}");

    private static Task AnswerWithErrorAsync(GrpcDuplexCall call, ReadResponse delivery, string error) =>
        call.WriteAsync(new ReadRequest { MessageId = delivery.MessageId, ResponseError = new AckResponseError { Message = error } });

    private static async Task<bool> IsQuietAsync(GrpcDuplexCall call)
    {
        var reading = call.ReadAsync(ReadResponse.Parser).AsTask();
        return await Task.WhenAny(reading, Task.Delay(Quiet)) != reading;
    }
}
