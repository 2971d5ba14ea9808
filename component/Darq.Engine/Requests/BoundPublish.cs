using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Engine.Steps;
using Darq.Engine.Steps.Json;

namespace Darq.Engine.Requests;

/// <summary>
/// Publishes the data of an output binding's request. The sidecar has not made an event of it, so it becomes a step that emits one
/// message; with rawPayload its bytes are published as they are.
/// </summary>
/// <param name="publisher">Of the binding's namespace.</param>
/// <param name="executor">Of the same.</param>
/// <param name="source">The <c>source</c> of the events; null where the app is not known.</param>
internal sealed class BoundPublish(Publisher publisher, StepExecutor executor, string? source)
{
    /// <summary>Where messages go whose request names no topic; null for nowhere.</summary>
    public string? DefaultTopic { get; init; }

    /// <summary>What the same sidecar published without an answer; null where nobody repeats equal calls.</summary>
    public UnansweredPublishes? Unanswered { get; init; }

    public async ValueTask<Published> PublishAsync(
        ReadOnlyMemory<byte> data,
        IReadOnlyDictionary<string, string> request,
        CancellationToken cancellation
    )
    {
        var metadata = Pick(request);
        var topic = request.FirstOrDefault(entry => IsTopic(entry.Key)).Value is { Length: > 0 } given
            ? given
            : DefaultTopic
                ?? throw new DarqException(
                    ErrorCode.Invalid,
                    "INVALID: no topic is given; put topic into the request's metadata or into the component's."
                );
        if (metadata.TryGetValue(WireNames.RawPayload, out var raw) && raw.Equals("true", StringComparison.OrdinalIgnoreCase))
        {
            PublishEntry[] entries = [new(data, metadata)];
            return (await publisher.PublishAsync(topic, entries, Unanswered, cancellation)).Messages[0];
        }

        var step = new Step { Ack = RequestAck.Of(metadata), Emits = { Emit(topic, data, metadata) } };
        step.Source = source ?? step.Source;
        var result = await executor.ApplyAsync(step, cancellation);
        return result.Code is { } code
            ? throw new DarqException(code, result.Message)
            : result.Emitted[0] with
            {
                Durable = result.Durable,
            };
    }

    private static bool IsTopic(string name) => name.Equals("topic", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Only the metadata that publishing uses: over gRPC the sidecar adds every header of its caller, credentials included, which must
    /// not be stored with a message.
    /// </summary>
    private static IReadOnlyDictionary<string, string> Pick(IReadOnlyDictionary<string, string> metadata) =>
        RequestNames.Publish.Read(
            metadata
                .Where(entry => RequestNames.Publish.Concerns(entry.Key))
                .ToDictionary(entry => entry.Key, entry => entry.Value, StringComparer.Ordinal)
        );

    private static StepEmit Emit(string topic, ReadOnlyMemory<byte> data, IReadOnlyDictionary<string, string> metadata)
    {
        Append.CheckTopic(topic);
        return new StepEmit
        {
            Topic = topic,
            Data = Json(data),
            Key = Append.Given(metadata, WireNames.PartitionKey) ?? "",
            Id = Append.Given(metadata, WireNames.Id) ?? "",
            TimeToLive = TimeToLive.Of(metadata),
        };
    }

    /// <summary>The data as it is where it is JSON, else as a JSON string.</summary>
    private static ReadOnlyMemory<byte> Json(ReadOnlyMemory<byte> data)
    {
        if (!Utf8.IsValid(data.Span))
        {
            throw new DarqException(
                ErrorCode.Invalid,
                "INVALID: data is neither JSON nor text; give the request's metadata rawPayload: \"true\" to publish the bytes as they are."
            );
        }

        return IsJson(data.Span) ? data : JsonSerializer.SerializeToUtf8Bytes(Encoding.UTF8.GetString(data.Span), StepJson.Default.String);
    }

    private static bool IsJson(ReadOnlySpan<byte> data)
    {
        try
        {
            var json = new Utf8JsonReader(data);
            while (json.Read())
            {
                // Only reading the string finds half a surrogate pair.
                if (json.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && json.ValueIsEscaped)
                {
                    json.GetString();
                }
            }

            return true;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return false;
        }
    }
}
