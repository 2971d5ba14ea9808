using Darq.Protos.Runtime;
using Darq.Sidecar.Resources;
using Darq.Sidecar.Routing;
using Darq.Sidecar.Startup;

namespace Darq.Sidecar.Apps;

/// <summary>The subscriptions of a gRPC app, as it lists them.</summary>
internal static class GrpcSubscriptions
{
    public static IReadOnlyList<SubscriptionManifest> Read(ListTopicSubscriptionsResponse list)
    {
        try
        {
            return [.. list.Subscriptions.Select(ReadOne)];
        }
        catch (CelException fault)
        {
            // One rule that cannot be read takes the whole list with it.
            SidecarLog.Warn($"error reading the app's subscriptions, of which none is taken: {fault.Message}");
            return [];
        }
    }

    private static SubscriptionManifest ReadOne(TopicSubscription subscription)
    {
        var routes = subscription.Routes ?? new();
        var rules = routes.Rules.Select(rule => RouteRule.Of(rule.Match, rule.Path)).ToList();
        // Unlike an HTTP app, one without routes gets everything, with an empty path.
        if (routes.Default.Length > 0 || rules.Count == 0)
        {
            rules.Add(new(null, routes.Default));
        }

        return new(
            subscription.PubsubName,
            subscription.Topic,
            subscription.DeadLetterTopic,
            new Dictionary<string, string>(subscription.Metadata),
            new(rules),
            SubscriptionOrigin.Programmatic,
            subscription.BulkSubscribe is { Enabled: true } bulk ? BulkSettings.Of(bulk.MaxMessagesCount, bulk.MaxAwaitDurationMs) : null
        );
    }
}
