using System.Text.Json.Serialization;

namespace Darq.AspNetCore.Subscriptions;

/// <summary>A subscription as the sidecar reads it.</summary>
internal sealed record SubscriptionEntry(
    [property: JsonPropertyName("pubsubname")] string PubSub,
    [property: JsonPropertyName("topic")] string Topic,
    [property: JsonPropertyName("route")] string Route,
    [property: JsonPropertyName("metadata")] IReadOnlyDictionary<string, string> Metadata
);

[JsonSerializable(typeof(SubscriptionEntry[]))]
internal sealed partial class SubscriptionJson : JsonSerializerContext;
