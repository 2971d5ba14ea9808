using System.Text.Json.Nodes;
using Darq.Protos;
using Darq.Tests.Contract.Recordings;
using Darq.Tests.Shared;
using Darq.Tests.Shared.GrpcClient;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Google.Protobuf.Reflection;

namespace Darq.Tests.Contract.Replays;

/// <summary>How a recorded call went, which its replay must imitate.</summary>
internal enum CallWeather
{
    Fine,

    /// <summary>The component answered that it may be tried again: here Redis is silent until the call has ended.</summary>
    RedisIsAway,

    /// <summary>The sidecar gave the call up, by a timeout policy: here Redis is silent and the deadline is short.</summary>
    GivenUp,
}

/// <summary>Sends recorded calls, holds the answers to the contract's form and to a model of the state, and books publishes.</summary>
internal sealed class ReplayedCalls(RedisServer redis, MessageLedger ledger, ReplayedStreams streams)
{
    private const string Package = "dapr.proto.components.v1.";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan GivenUpAfter = TimeSpan.FromMilliseconds(100);

    private readonly StateModel _state = new();

    public List<string> Faults { get; } = [];

    /// <summary>Calls that were refused, as "call: text".</summary>
    public List<string> Refusals { get; } = [];

    /// <summary>Sends a call and returns whether it was not refused. The messages that it publishes are told before it is sent.</summary>
    public async Task<bool> SendAsync(
        ReplayedConnection connection,
        MethodDescriptor method,
        IMessage request,
        CallWeather weather = CallWeather.Fine,
        Action<int>? publishing = null
    )
    {
        await ReplaceDeadLetterAsync(request);
        var numbers = Number(request);
        numbers.ForEach(number => publishing?.Invoke(number));
        GrpcStatus status;
        try
        {
            if (weather != CallWeather.Fine)
            {
                redis.Pause();
            }

            status = await StatusAsync(connection, method, request, weather == CallWeather.GivenUp ? GivenUpAfter : Patience);
        }
        finally
        {
            redis.Resume();
        }

        return Book(ComponentMethods.NameOf(method), request, numbers, status, weather);
    }

    private async Task<GrpcStatus> StatusAsync(ReplayedConnection connection, MethodDescriptor method, IMessage request, TimeSpan timeout)
    {
        try
        {
            var options = new GrpcCallOptions(connection.Headers, timeout);
            var answer = await connection.Channel.UnaryAsync(
                Package + ComponentMethods.NameOf(method),
                request,
                method.OutputType,
                options
            );
            if (_state.Fault(request, answer) is { } fault)
            {
                Faults.Add(fault);
            }

            return GrpcStatus.OK;
        }
        catch (GrpcCallException refused)
        {
            return refused.Status;
        }
    }

    private bool Book(string call, IMessage request, IReadOnlyList<int> numbers, GrpcStatus status, CallWeather weather)
    {
        var unclear = status.Code switch
        {
            GrpcCode.OK => false,
            GrpcCode.DeadlineExceeded or GrpcCode.Canceled when weather == CallWeather.GivenUp => true,
            GrpcCode.Unavailable when weather == CallWeather.RedisIsAway => true,
            _ => (bool?)null,
        };
        var fate =
            unclear is null ? PublishFate.Refused
            : unclear.Value ? PublishFate.Unclear
            : PublishFate.Accepted;
        foreach (var number in numbers)
        {
            ledger.Settle(number, fate);
        }

        // Of a bulk that met another etag the other items took effect.
        if (unclear is not null || request is BulkSetRequest or BulkDeleteRequest)
        {
            _state.Apply(request, unclear ?? true);
        }

        if (unclear is null)
        {
            Refusals.Add($"{call}: {status.Message}");
            if (AnswerForm.Fault(call, status) is { } fault)
            {
                Faults.Add($"{call} is answered with {status}: {fault}");
            }
        }

        return unclear is not null;
    }

    /// <summary>A sidecar dead-letters what it was delivered: the same bytes with the delivery's metadata, which here are ours.</summary>
    private async Task ReplaceDeadLetterAsync(IMessage request)
    {
        if (
            request is PublishRequest publish
            && publish.Metadata.TryGetValue("pubsubName", out var name)
            && await streams.FindAsync(publish.Topic, publish.Data.ToStringUtf8()) is { } delivery
        )
        {
            publish.Metadata.Clear();
            publish.Metadata.Add((IDictionary<string, string>)delivery.Metadata);
            publish.Metadata["pubsubName"] = name;
            publish.Metadata["content-type"] = "";
            publish.Data = delivery.Data;
        }
    }

    /// <summary>Gives every message of a publish a number, by which its deliveries are known.</summary>
    private List<int> Number(IMessage request)
    {
        switch (request)
        {
            case PublishRequest publish:
                return [Number(publish.Topic, publish.Data, publish.Metadata)];
            case BulkPublishRequest bulk:
                return [.. bulk.Entries.Select(entry => Number(bulk.Topic, entry.Event, entry.Metadata, bulk.Metadata))];
            default:
                return [];
        }
    }

    private int Number(string topic, ByteString data, MapField<string, string> metadata, MapField<string, string>? common = null)
    {
        metadata.Remove(ReplayedStreams.NumberKey);
        var content = new JsonObject(metadata.Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)entry.Value))).ToJsonString();
        var mayExpire = metadata.Keys.Concat(common?.Keys ?? []).Any(IsTimeToLive);
        var id = metadata.TryGetValue("darq.id", out var given) ? $"{given} {metadata.GetValueOrDefault("partitionKey")}" : null;
        var number = ledger.Publish(topic, content + data.ToBase64(), id, mayExpire);
        metadata[ReplayedStreams.NumberKey] = number.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return number;
    }

    private static bool IsTimeToLive(string name) =>
        name.Equals("ttlInSeconds", StringComparison.OrdinalIgnoreCase) || name.Equals("ttl", StringComparison.OrdinalIgnoreCase);
}
