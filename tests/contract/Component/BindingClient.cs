using System.Text.Json;
using Darq.Protos;
using Darq.Tests.Shared.GrpcClient;
using Darq.Tests.Unit.Steps.Json;
using Google.Protobuf;
using Xunit;

namespace Darq.Tests.Contract;

/// <summary>A binding of one app, both ways: what the app invokes, and what it is delivered and answers.</summary>
internal sealed class BindingClient(ComponentClient client) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly StepSchema AnswerSchema = StepSchema.Read("step-answer.schema.json");

    private GrpcDuplexCall? _stream;
    private Task<ReadResponse?>? _reading;

    public ComponentClient Client { get; } = client;

    public static async Task<BindingClient> InitAsync(ComponentFixture fixture, params (string Key, string Value)[] metadata)
    {
        var client = fixture.Client();
        (string Key, string Value)[] standard = [("redisHost", fixture.Redis.Host), ("appID", "app"), ("retryDelay", "10ms")];
        (string, string)[] all = [.. standard.Where(entry => metadata.All(own => own.Key != entry.Key)), .. metadata];
        // Without an app nobody is known to read for.
        if (metadata.All(entry => entry != ("appID", "")))
        {
            await client.InitInputAsync(all);
        }

        await client.InitOutputAsync(all);
        return new(client);
    }

    public void Open() => (_stream, _reading) = (Client.Open("InputBinding/Read", forever: true), null);

    public async Task<ReadResponse> NextAsync()
    {
        var delivery = await Reading().WaitAsync(Patience);
        _reading = null;
        return delivery ?? throw new InvalidOperationException($"The stream ended: {_stream!.Status}");
    }

    /// <summary>Whether nothing comes for a while.</summary>
    public async Task<bool> IsQuietAsync(TimeSpan time) => await Task.WhenAny(Reading(), Task.Delay(time)) != Reading();

    /// <summary>Publishes and takes the delivery, which stays unanswered.</summary>
    public async Task<string> TokenAsync(string topic, params (string Key, string Value)[] metadata)
    {
        await PublishAsync(topic, metadata: metadata);
        return (await NextAsync()).MessageId;
    }

    public Task AnswerAsync(string messageId, string body = """{"status":"SUCCESS"}""") =>
        _stream!.WriteAsync(new ReadRequest { MessageId = messageId, ResponseData = ByteString.CopyFromUtf8(body) });

    public Task RefuseAsync(string messageId, string error) =>
        _stream!.WriteAsync(
            new ReadRequest
            {
                MessageId = messageId,
                ResponseError = new AckResponseError { Message = error },
            }
        );

    public void Close() => _stream?.Dispose();

    public Task<JsonElement> PublishAsync(string topic, string data = "1", params (string Key, string Value)[] metadata) =>
        InvokeAsync("publish", data, [("topic", topic), .. metadata]);

    /// <summary>A step that is answered; whatever the answer, it keeps to the schema.</summary>
    public async Task<JsonElement> StepAsync(string json)
    {
        var answer = await InvokeAsync("step", json);
        Assert.True(AnswerSchema.Accepts(answer), $"not as the schema says: {answer}");
        return answer;
    }

    public async Task<string> OutcomeAsync(string json) => (await StepAsync(json)).GetProperty("outcome").GetString()!;

    /// <summary>The status of a step that is refused as a call.</summary>
    public Task<GrpcStatus> RefusalAsync(string json, params (string Key, string Value)[] metadata) =>
        Client.RefusalAsync("OutputBinding/Invoke", Request("step", json, metadata));

    /// <summary>A value through the state API's own calls, under the key as it is stored; null where it is absent.</summary>
    public async Task<string?> StoredAsync(string key)
    {
        var response = await Client.CallAsync("StateStore/Get", new GetRequest { Key = key }, GetResponse.Parser);
        return response.Etag is null ? null : response.Data.ToStringUtf8();
    }

    public async Task<string> ETagAsync(string key) =>
        (await Client.CallAsync("StateStore/Get", new GetRequest { Key = key }, GetResponse.Parser)).Etag.Value;

    public void Dispose()
    {
        _stream?.Dispose();
        Client.Dispose();
    }

    public async Task<JsonElement> InvokeAsync(string operation, string data, params (string Key, string Value)[] metadata)
    {
        var response = await Client.CallAsync("OutputBinding/Invoke", Request(operation, data, metadata), InvokeResponse.Parser);
        return JsonDocument.Parse(response.Data.Memory).RootElement;
    }

    private Task<ReadResponse?> Reading() => _reading ??= _stream!.ReadAsync(ReadResponse.Parser).AsTask();

    private static InvokeRequest Request(string operation, string data, (string Key, string Value)[] metadata)
    {
        var request = new InvokeRequest { Operation = operation, Data = ByteString.CopyFromUtf8(data) };
        foreach (var (key, value) in metadata)
        {
            request.Metadata[key] = value;
        }

        return request;
    }
}
