using System.Text.Json;
using Darq.Component.Instances;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Protos;
using Google.Protobuf.Collections;

namespace Darq.Component.Components;

/// <summary>
/// Recognises the dead letter of a sidecar among publishes: it carries the key <c>pubsubName</c>, names a delivery that is out on that
/// sidecar under requireStep, goes to another topic, and has exactly the bytes that were delivered. An app that forwards what it
/// received changes one of them, or it is the same.
/// </summary>
internal static class SidecarDeadLetter
{
    private const string PubSubName = "pubsubName";
    private const string TokenHeader = "darq-token";
    private static readonly byte[] TokenAttribute = [.. "darqtoken"u8];

    /// <summary>The delivery that a publish gives up; null where it is an ordinary publish.</summary>
    public static (DeliveryToken Token, Outstanding Outstanding)? Find(PublishRequest request, Instance instance)
    {
        if (
            !request.Metadata.ContainsKey(PubSubName)
            || !DeliveryToken.TryParse(TokenOf(request.Metadata, request.Data.Span), out var token)
            || instance.Engine.Subscriptions.FindOutstanding(token, instance.App) is not { Options.RequireStep: true } outstanding
            || request.Topic == token.Topic
            || request.Topic == outstanding.Delivery.Topic
            || !IsUnchanged(request.Data.Span, outstanding.Delivery)
        )
        {
            return null;
        }

        return (token, outstanding);
    }

    private static string TokenOf(MapField<string, string> metadata, ReadOnlySpan<byte> data) =>
        metadata.TryGetValue(TokenHeader, out var token) ? token : AttributeOf(data);

    private static bool IsUnchanged(ReadOnlySpan<byte> data, Delivery delivery)
    {
        var envelope = new Envelope();
        envelope.Fill(delivery);
        var head = envelope.DataHead.Length;
        return data.Length == head + envelope.DataTail.Length
            && data[..head].SequenceEqual(envelope.DataHead)
            && data[head..].SequenceEqual(envelope.DataTail);
    }

    /// <summary>The token in the event itself; "" where it is no event, or has none.</summary>
    private static string AttributeOf(ReadOnlySpan<byte> data)
    {
        var token = "";
        try
        {
            var json = new Utf8JsonReader(data);
            for (json.Read(); json.Read() && json.TokenType == JsonTokenType.PropertyName; json.Skip())
            {
                var isToken = json.ValueTextEquals(TokenAttribute);
                json.Read();
                token = isToken && json.TokenType == JsonTokenType.String ? json.GetString()! : token;
            }
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return "";
        }

        return token;
    }
}
