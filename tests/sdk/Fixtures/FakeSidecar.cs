using System.Text;
using System.Text.Json;
using Dapr;
using Dapr.Client;
using Darq.Sidecar;
using Grpc.Core;

namespace Darq.Tests.Sdk.Fixtures;

/// <summary>
/// A sidecar with the component's answers as a script: what is asked is kept, and each transaction, step or publish takes the next text of
/// its queue as its failure; without one it succeeds.
/// </summary>
internal sealed class FakeSidecar : ISidecar
{
    public const string Conflict = "Aborted desc = CONFLICT: the etag does not hold for 'a'.";

    private int _version;

    public Dictionary<string, StoredValue> State { get; } = [];

    /// <summary>Each text is the rest behind <c>rpc error: code = </c>; null succeeds.</summary>
    public Queue<string?> TransactionFailures { get; } = new();

    public Queue<string?> PublishFailures { get; } = new();

    /// <summary>So many publishes end only when they are cancelled.</summary>
    public int PublishesHanging { get; set; }

    public Queue<string> StepAnswers { get; } = new();

    public Exception? ReadFailure { get; set; }

    /// <summary>Calls that end only when they are cancelled, by what they are for, as in <c>components</c>.</summary>
    public HashSet<string> Hanging { get; } = [];

    public bool KnowsSteps { get; set; } = true;

    /// <summary>What the binding puts before keys, beyond what the store does.</summary>
    public string Prefix { get; set; } = "";

    public List<Transaction> Transactions { get; } = [];

    public List<string> Steps { get; } = [];

    public List<string> Barriers { get; } = [];

    /// <summary>JSON, or the rest behind <c>rpc error: code = </c>.</summary>
    public string BarrierAnswer { get; set; } = """{"outcome":"OK","durable":true,"worldLine":"1","level":"fsync"}""";

    /// <summary>The tokens of the deliveries for which more time was asked.</summary>
    public List<string> Extended { get; } = [];

    /// <summary>JSON, or the rest behind <c>rpc error: code = </c>.</summary>
    public string ExtendAnswer { get; set; } = """{"outcome":"OK"}""";

    /// <summary>What passes before that answer.</summary>
    public Func<Task> Extending { get; set; } = () => Task.CompletedTask;

    public List<(string Topic, string Json, Dictionary<string, string> Metadata)> Published { get; } = [];

    public List<string> Reads { get; } = [];

    public List<(string Name, string Type)> Components { get; } = [("bank", "pubsub.darq"), ("ledger", "state.darq")];

    public Exception? ComponentsFailure { get; set; }

    public void Put(string key, string json) => State[key] = new StoredValue(Encoding.UTF8.GetBytes(json), $"1-{++_version}");

    /// <summary>As Dapr's client throws it.</summary>
    public static DaprException Failure(string detail, StatusCode code = StatusCode.Internal) =>
        new("State transaction operation failed", new RpcException(new Status(code, detail)));

    public Task<StoredValue> ReadAsync(string key, CancellationToken cancellationToken)
    {
        Reads.Add(key);
        return Hanging.Contains("read") ? NeverAsync<StoredValue>(cancellationToken)
            : ReadFailure is { } failure ? Task.FromException<StoredValue>(failure)
            : Task.FromResult(State.GetValueOrDefault(key) ?? new StoredValue(default, StoredValue.Absent));
    }

    public async Task<IReadOnlyDictionary<string, StoredValue>> ReadAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken)
    {
        Dictionary<string, StoredValue> found = [];
        foreach (var key in keys)
        {
            found[key] = await ReadAsync(key, cancellationToken);
        }

        return found;
    }

    public Task TransactAsync(
        IReadOnlyList<StateTransactionRequest> operations,
        IReadOnlyDictionary<string, string> metadata,
        CancellationToken cancellationToken
    )
    {
        if (metadata.GetValueOrDefault("darq.token") == "probe")
        {
            return Hanging.Contains("probe") ? NeverAsync<bool>(cancellationToken)
                : KnowsSteps ? Task.FromException(Transacting("InvalidArgument desc = INVALID: darq.token is 'probe'; accepted: …"))
                : Task.CompletedTask;
        }

        Transactions.Add(new Transaction(operations, metadata));
        return TransactionFailures.TryDequeue(out var text) && text is not null
            ? Task.FromException(Transacting(text))
            : Task.CompletedTask;
    }

    public Task<ReadOnlyMemory<byte>> InvokeBindingAsync(
        string operation,
        byte[] data,
        IReadOnlyDictionary<string, string> metadata,
        CancellationToken cancellationToken
    ) =>
        operation switch
        {
            "barrier" => BarrierAsync(data, cancellationToken),
            "extend" => ExtendAsync(metadata["darq.token"], cancellationToken),
            _ => StepAsync(data, cancellationToken),
        };

    private async Task<ReadOnlyMemory<byte>> ExtendAsync(string token, CancellationToken cancellationToken)
    {
        Extended.Add(token);
        await Extending();
        return await (Hanging.Contains("extend") ? NeverAsync<ReadOnlyMemory<byte>>(cancellationToken) : AnswerAsync(ExtendAnswer));
    }

    private Task<ReadOnlyMemory<byte>> BarrierAsync(byte[] data, CancellationToken cancellationToken)
    {
        Barriers.Add(Encoding.UTF8.GetString(data));
        return Hanging.Contains("barrier") ? NeverAsync<ReadOnlyMemory<byte>>(cancellationToken) : AnswerAsync(BarrierAnswer);
    }

    private static Task<ReadOnlyMemory<byte>> AnswerAsync(string answer) =>
        answer.StartsWith('{')
            ? Task.FromResult<ReadOnlyMemory<byte>>(Encoding.UTF8.GetBytes(answer))
            : Task.FromException<ReadOnlyMemory<byte>>(Failure($"error invoking output binding steps: rpc error: code = {answer}"));

    private Task<ReadOnlyMemory<byte>> StepAsync(byte[] step, CancellationToken cancellationToken)
    {
        var text = Encoding.UTF8.GetString(step);
        Steps.Add(text);
        if (Hanging.Contains("step"))
        {
            return NeverAsync<ReadOnlyMemory<byte>>(cancellationToken);
        }

        using var json = JsonDocument.Parse(step);
        foreach (var write in json.RootElement.GetProperty("state").EnumerateArray().Where(write => write.TryGetProperty("value", out _)))
        {
            Put(Prefix + write.GetProperty("key").GetString(), write.GetProperty("value").GetRawText());
        }

        var answer = StepAnswers.TryDequeue(out var scripted) ? scripted : """{"outcome":"OK","position":"0:1-1","emitted":[]}""";
        return Task.FromResult<ReadOnlyMemory<byte>>(Encoding.UTF8.GetBytes(answer));
    }

    public Task PublishAsync(
        string topic,
        ReadOnlyMemory<byte> json,
        Dictionary<string, string> metadata,
        CancellationToken cancellationToken
    )
    {
        // Several may be published at once.
        lock (Published)
        {
            Published.Add((topic, Encoding.UTF8.GetString(json.Span), metadata));
        }

        if (PublishesHanging > 0)
        {
            PublishesHanging--;
            return Task.Delay(Timeout.Infinite, cancellationToken);
        }

        return PublishFailures.TryDequeue(out var text) && text is not null
            ? Task.FromException(Failure($"error when publishing to topic {topic} in pubsub bank: rpc error: code = {text}"))
            : Task.CompletedTask;
    }

    public Task<IReadOnlyList<(string Name, string Type)>> ComponentsAsync(CancellationToken cancellationToken) =>
        Hanging.Contains("components") ? NeverAsync<IReadOnlyList<(string Name, string Type)>>(cancellationToken)
        : ComponentsFailure is { } failure ? Task.FromException<IReadOnlyList<(string Name, string Type)>>(failure)
        : Task.FromResult<IReadOnlyList<(string Name, string Type)>>(Components);

    private static async Task<T> NeverAsync<T>(CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.Infinite, cancellationToken);
        throw new InvalidOperationException("cannot be");
    }

    private static DaprException Transacting(string text) => Failure($"error while executing state transaction: rpc error: code = {text}");
}

/// <summary>A transaction as the sidecar got it.</summary>
internal sealed record Transaction(IReadOnlyList<StateTransactionRequest> Operations, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>Each as <c>+key=value@etag</c> or <c>-key@etag</c>.</summary>
    public string[] Written =>
        [
            .. Operations.Select(operation =>
                operation.OperationType == StateOperationType.Delete
                    ? $"-{operation.Key}@{operation.ETag}"
                    : $"+{operation.Key}={Encoding.UTF8.GetString(operation.Value!)}@{operation.ETag}"
            ),
        ];
}
