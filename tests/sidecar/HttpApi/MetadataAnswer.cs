using Darq.Protos.Runtime;
using Darq.Sidecar.Events;

namespace Darq.Sidecar.HttpApi;

/// <summary>The answer to GET /v1.0/metadata, in the order of Go's struct; what is empty is left out, but for two lists and maps.</summary>
internal static class MetadataAnswer
{
    public static string Of(GetMetadataResponse metadata)
    {
        var parts = new List<string>
        {
            $"\"id\":{GoJson.Quote(metadata.Id)}",
            $"\"runtimeVersion\":{GoJson.Quote(metadata.RuntimeVersion)}",
            "\"enabledFeatures\":[]",
        };
        if (metadata.RegisteredComponents.Count > 0)
        {
            parts.Add($"\"components\":[{string.Join(",", metadata.RegisteredComponents.Select(Describe))}]");
        }

        parts.Add($"\"extended\":{GoJson.Map(metadata.ExtendedMetadata)}");
        if (metadata.Subscriptions.Count > 0)
        {
            parts.Add($"\"subscriptions\":[{string.Join(",", metadata.Subscriptions.Select(Describe))}]");
        }

        var app = metadata.AppConnectionProperties;
        var port = app.Port == 0 ? "" : $"\"port\":{app.Port},";
        parts.Add(
            $"\"appConnectionProperties\":{{{port}\"protocol\":{GoJson.Quote(app.Protocol)},"
                + $"\"channelAddress\":{GoJson.Quote(app.ChannelAddress)}}}"
        );
        var placement = GoJson.Quote(metadata.ActorRuntime.Placement);
        parts.Add($"\"actorRuntime\":{{\"runtimeStatus\":\"DISABLED\",\"hostReady\":false,\"placement\":{placement}}}");
        return $"{{{string.Join(",", parts)}}}\n";
    }

    private static string Describe(RegisteredComponents component)
    {
        var capabilities =
            component.Capabilities.Count == 0 ? "" : $",\"capabilities\":[{string.Join(",", component.Capabilities.Select(GoJson.Quote))}]";
        return $"{{\"name\":{GoJson.Quote(component.Name)},\"type\":{GoJson.Quote(component.Type)},"
            + $"\"version\":{GoJson.Quote(component.Version)}{capabilities}}}";
    }

    private static string Describe(PubsubSubscription subscription)
    {
        var metadata = subscription.Metadata.Count == 0 ? "" : $"\"metadata\":{GoJson.Map(subscription.Metadata)},";
        var rules = subscription
            .Rules.Rules.Select(rule =>
                $"{{{(rule.Match.Length > 0 ? $"\"match\":{GoJson.Quote(rule.Match)}," : "")}\"path\":{GoJson.Quote(rule.Path)}}}"
            )
            .ToArray();
        var routes = rules.Length == 0 ? "" : $"\"rules\":[{string.Join(",", rules)}],";
        return $"{{\"pubsubname\":{GoJson.Quote(subscription.PubsubName)},\"topic\":{GoJson.Quote(subscription.Topic)},{metadata}{routes}"
            + $"\"deadLetterTopic\":{GoJson.Quote(subscription.DeadLetterTopic)},"
            + $"\"type\":\"{subscription.Type.ToString().ToUpperInvariant()}\"}}";
    }
}
