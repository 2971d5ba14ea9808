using System.Text;
using System.Text.Json;
using Darq.Sidecar.Events;
using Darq.Sidecar.Resources;
using Darq.Sidecar.Routing;
using Darq.Sidecar.Startup;

namespace Darq.Sidecar.Delivery;

/// <summary>Reads the app's answer to /dapr/subscribe and merges it with the declared subscriptions.</summary>
internal static class AppSubscriptions
{
    private const int Retries = 3;
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(500);

    /// <summary>Only a transport error is tried again; any status other than 200 means that the app subscribes to nothing.</summary>
    public static async Task<IReadOnlyList<SubscriptionManifest>> AskAsync(AppChannel app, CancellationToken cancellation)
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

    /// <summary>
    /// One per topic: of several declared ones the first, of several by the app the last, and the app's before a declared one.
    /// </summary>
    public static IReadOnlyList<SubscriptionManifest> Merge(
        IEnumerable<SubscriptionManifest> declared,
        IEnumerable<SubscriptionManifest> programmatic
    )
    {
        var merged = new List<SubscriptionManifest>();
        foreach (var subscription in declared.Concat(programmatic))
        {
            var at = merged.FindIndex(other => other.PubSub == subscription.PubSub && other.Topic == subscription.Topic);
            if (at < 0)
            {
                merged.Add(subscription);
            }
            else if (!subscription.Declared)
            {
                merged[at] = subscription;
            }
        }
        return merged;
    }

    private static List<SubscriptionManifest> Read(byte[] body)
    {
        try
        {
            using var document = GoJson.Parse(body);
            return document.RootElement.ValueKind == JsonValueKind.Array
                ? document.RootElement.EnumerateArray().Select(ReadOne).OfType<SubscriptionManifest>().ToList()
                : [];
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
        var rules = new List<RouteRule>();
        var always = Text(item, "route");
        if (Member(item, "routes") is { ValueKind: JsonValueKind.Object } routes)
        {
            if (Member(routes, "rules") is { ValueKind: JsonValueKind.Array } list)
            {
                rules.AddRange(list.EnumerateArray().Select(rule => RouteRule.Of(Text(rule, "match"), Text(rule, "path"))));
            }

            always = Text(routes, "default") is { Length: > 0 } standard ? standard : always;
        }
        if (always.Length > 0)
        {
            rules.Add(new(null, always));
        }

        if (rules.Count == 0)
        {
            SidecarLog.Warn($"subscription to {Text(item, "topic")} has no route and is dropped");
            return null;
        }
        if (Member(item, "bulkSubscribe") is not null)
        {
            SidecarLog.Warn("bulkSubscribe is not supported by the stand-in: messages come one by one");
        }

        return new(
            Text(item, "pubsubname"),
            Text(item, "topic"),
            Text(item, "deadLetterTopic"),
            Metadata(item),
            new(rules),
            Declared: false
        );
    }

    private static Dictionary<string, string> Metadata(JsonElement item)
    {
        var metadata = new Dictionary<string, string>();
        if (Member(item, "metadata") is { ValueKind: JsonValueKind.Object } map)
        {
            foreach (var member in map.EnumerateObject())
            {
                metadata[member.Name] =
                    member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString()! : member.Value.GetRawText();
            }
        }

        return metadata;
    }

    private static string Text(JsonElement item, string name) =>
        Member(item, name) is { ValueKind: JsonValueKind.String } value ? value.GetString()! : "";

    /// <summary>The last member of that name in any case, as Go reads it; null where there is none.</summary>
    private static JsonElement? Member(JsonElement item, string name)
    {
        JsonElement? found = null;
        foreach (var member in item.ValueKind == JsonValueKind.Object ? item.EnumerateObject() : default)
        {
            found = member.Name.Equals(name, StringComparison.OrdinalIgnoreCase) ? member.Value : found;
        }

        return found;
    }
}
