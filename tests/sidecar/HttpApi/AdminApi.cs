using System.Text;
using Darq.Sidecar.Components;
using Darq.Sidecar.Delivery;
using Darq.Sidecar.Events;
using Darq.Sidecar.Resources;
using Darq.Sidecar.Startup;
using Darq.Tests.Shared.GrpcClient;

namespace Darq.Sidecar.HttpApi;

/// <summary>Health, metadata and shutdown.</summary>
internal sealed class AdminApi(SidecarFlags flags, Health health, ComponentRegistry components, AppDeliveries? deliveries, Action shutdown)
{
    private const string Version = "1.18.3";
    private readonly SortedDictionary<string, string> _extended = new(StringComparer.Ordinal) { ["daprRuntimeVersion"] = Version };

    public Task HealthAsync(ApiCall call)
    {
        if (call.Query("appid") is { } appId && appId != flags.AppId)
        {
            return call.ErrorAsync(new(500, GrpcCode.Internal, "ERR_HEALTH_APPID_NOT_MATCH", "dapr app-id does not match"));
        }

        return health.IsReady
            ? call.NoContentAsync()
            : call.ErrorAsync(new(500, GrpcCode.Internal, "ERR_HEALTH_NOT_READY", "dapr is not ready: [app]"));
    }

    public Task OutboundHealthAsync(ApiCall call) =>
        health.IsOutboundReady
            ? call.NoContentAsync()
            : call.ErrorAsync(new(500, GrpcCode.Internal, "ERR_OUTBOUND_HEALTH_NOT_READY", "dapr outbound is not ready"));

    public Task MetadataAsync(ApiCall call)
    {
        var parts = new List<string>
        {
            $"\"id\":{GoJson.Quote(flags.AppId)}",
            $"\"runtimeVersion\":\"{Version}\"",
            "\"enabledFeatures\":[]",
        };
        if (components.Loaded.Count > 0)
        {
            parts.Add($"\"components\":[{string.Join(",", components.Loaded.Select(Describe))}]");
        }

        lock (_extended)
        {
            parts.Add($"\"extended\":{GoJson.Map(_extended)}");
        }

        if (deliveries?.Subscriptions is { Count: > 0 } subscriptions)
        {
            parts.Add($"\"subscriptions\":[{string.Join(",", subscriptions.Select(Describe))}]");
        }

        var port = flags.AppPort is { } number ? $"\"port\":{number}," : "";
        parts.Add(
            $"\"appConnectionProperties\":{{{port}\"protocol\":{GoJson.Quote(flags.AppProtocol)},\"channelAddress\":{GoJson.Quote(flags.AppAddress)}}}"
        );
        parts.Add("\"actorRuntime\":{\"runtimeStatus\":\"DISABLED\",\"hostReady\":false,\"placement\":\"placement: disconnected\"}");
        return call.JsonAsync(200, Encoding.UTF8.GetBytes($"{{{string.Join(",", parts)}}}\n"));
    }

    public async Task SetMetadataAsync(ApiCall call, string key)
    {
        var body = await call.ReadBodyAsync() ?? default;
        lock (_extended)
        {
            _extended[key] = Encoding.UTF8.GetString(body.Span);
        }

        await call.NoContentAsync();
    }

    public Task ShutdownAsync(ApiCall call)
    {
        shutdown();
        return call.NoContentAsync();
    }

    private static string Describe(LoadedComponent component)
    {
        var capabilities =
            component.Capabilities.Count == 0 ? "" : $",\"capabilities\":[{string.Join(",", component.Capabilities.Select(GoJson.Quote))}]";
        var manifest = component.Manifest;
        return $"{{\"name\":{GoJson.Quote(manifest.Name)},\"type\":{GoJson.Quote(manifest.Type)},\"version\":{GoJson.Quote(manifest.Version)}{capabilities}}}";
    }

    private static string Describe(SubscriptionManifest subscription)
    {
        var metadata = subscription.Metadata.Count == 0 ? "" : $"\"metadata\":{GoJson.Map(subscription.Metadata)},";
        var rules = subscription
            .Routes.Rules.Select(rule =>
                $"{{{(rule.Match is { } match ? $"\"match\":{GoJson.Quote(match.Source)}," : "")}\"path\":{GoJson.Quote(rule.Path)}}}"
            )
            .ToArray();
        var routes = rules.Length == 0 ? "" : $"\"rules\":[{string.Join(",", rules)}],";
        return $"{{\"pubsubname\":{GoJson.Quote(subscription.PubSub)},\"topic\":{GoJson.Quote(subscription.Topic)},{metadata}{routes}"
            + $"\"deadLetterTopic\":{GoJson.Quote(subscription.DeadLetterTopic)},\"type\":\"{(subscription.Declared ? "DECLARATIVE" : "PROGRAMMATIC")}\"}}";
    }
}
