using Microsoft.AspNetCore.Routing;

namespace Darq.AspNetCore.Subscriptions;

/// <summary>The steps among the app's endpoints, once it has mapped them.</summary>
internal sealed class StepEndpoints(EndpointDataSource endpoints)
{
    public IEnumerable<(StepSubscription Subscription, string Route)> All =>
        from endpoint in Routes
        let subscription = endpoint.Metadata.GetMetadata<StepSubscription>()
        where subscription is not null
        select (subscription, Rooted(endpoint.RoutePattern.RawText));

    /// <summary>Other endpoints that subscribe, by attribute or by Dapr's <c>WithTopic</c>.</summary>
    public IEnumerable<(string PubSub, string Topic)> Others =>
        from endpoint in Routes
        where endpoint.Metadata.GetMetadata<StepSubscription>() is null
        from topic in endpoint.Metadata.GetOrderedMetadata<Dapr.ITopicMetadata>()
        select (topic.PubsubName, topic.Name);

    private IEnumerable<RouteEndpoint> Routes => endpoints.Endpoints.OfType<RouteEndpoint>();

    public bool IsMapped(string path) => Routes.Any(endpoint => Rooted(endpoint.RoutePattern.RawText) == path);

    private static string Rooted(string? pattern) => "/" + pattern?.TrimStart('/');
}
