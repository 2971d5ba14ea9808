using Darq.Sidecar.Resources;

namespace Darq.Sidecar.Delivery;

/// <summary>The subscriptions in force: those of the resources and those of the app.</summary>
internal static class SubscriptionList
{
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
            else if (subscription.Origin == SubscriptionOrigin.Programmatic)
            {
                merged[at] = subscription;
            }
        }
        return merged;
    }
}
