using System.Text;
using System.Text.Json;
using Darq.Sidecar.Events;
using Darq.Sidecar.Resources;
using Darq.Sidecar.Routing;
using Darq.Sidecar.Startup;

namespace Darq.Sidecar.Apps;

/// <summary>Asks an HTTP app for its subscriptions and reads the answer.</summary>
internal static class HttpSubscriptions
{
    private const int Retries = 3;
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(500);

    /// <summary>Only a transport error is tried again; any status other than 200 means that the app subscribes to nothing.</summary>
    public static async Task<IReadOnlyList<SubscriptionManifest>> AskAsync(HttpChannel app, CancellationToken cancellation)
    {
        var answer = await app.AskAsync(HttpMethod.Get, "/dapr/subscribe", cancellation);
        for (var i = 0; i < Retries && answer.Failure is not null; i++)
        {
            await Task.Delay(RetryPause, cancellation);
            answer = await app.AskAsync(HttpMethod.Get, "/dapr/subscribe", cancellation);
        }
        if (answer.Status == 200)
        {
            return Read(answer.Body);
        }

        if (answer.Status != 404)
        {
            SidecarLog.Error($"app returned http status code {answer.Status} from subscription endpoint {answer.Failure}");
        }

        return [];
    }

    private static List<SubscriptionManifest> Read(byte[] body)
    {
        try
        {
            using var document = GoJson.Parse(body);
            return document.RootElement.Items().Select(ReadOne).OfType<SubscriptionManifest>().ToList();
        }
        catch (CelException fault)
        {
            // One rule that cannot be read takes the whole answer with it.
            SidecarLog.Warn($"error reading the app's subscriptions, of which none is taken: {fault.Message}");
            return [];
        }
        catch (GoJsonException fault)
        {
            SidecarLog.Error($"error getting topics list from app: {fault.Message}; body: {Encoding.UTF8.GetString(body)}");
            return [];
        }
    }

    private static SubscriptionManifest? ReadOne(JsonElement item)
    {
        var routes = item.Member("routes");
        var rules = routes.Member("rules").Items().Select(rule => RouteRule.Of(rule.TextOf("match"), rule.TextOf("path"))).ToList();
        if ((routes.TextOf("default") is { Length: > 0 } standard ? standard : item.TextOf("route")) is { Length: > 0 } always)
        {
            rules.Add(new(null, always));
        }

        if (rules.Count == 0)
        {
            SidecarLog.Warn($"subscription to {item.TextOf("topic")} has no route and is dropped");
            return null;
        }

        var bulk = item.Member("bulkSubscribe");
        return new(
            item.TextOf("pubsubname"),
            item.TextOf("topic"),
            item.TextOf("deadLetterTopic"),
            Metadata(item.Member("metadata")),
            new(rules),
            SubscriptionOrigin.Programmatic,
            bulk.Member("enabled").ValueKind == JsonValueKind.True
                ? BulkSettings.Of(bulk.NumberOf("maxMessagesCount"), bulk.NumberOf("maxAwaitDurationMs"))
                : null
        );
    }

    private static Dictionary<string, string> Metadata(JsonElement map)
    {
        var metadata = new Dictionary<string, string>();
        foreach (var member in map.ValueKind == JsonValueKind.Object ? map.EnumerateObject() : default)
        {
            metadata[member.Name] = member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString()! : member.Value.GetRawText();
        }

        return metadata;
    }
}
