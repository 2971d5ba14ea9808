using Darq.Sidecar.Routing;

namespace Darq.Sidecar.Resources;

/// <summary>A Component resource, its metadata as written (templates and references to the environment resolved).</summary>
internal sealed record ComponentManifest(
    string Name,
    string Type,
    string Version,
    bool IgnoreErrors,
    TimeSpan InitTimeout,
    IReadOnlyList<KeyValuePair<string, string>> Metadata,
    bool NamespaceScoped
)
{
    /// <summary>The resource's metadata as Init properties; the last of several values of one key counts.</summary>
    public Dictionary<string, string> Properties()
    {
        var properties = new Dictionary<string, string>();
        foreach (var (name, value) in Metadata)
        {
            properties[name] = value;
        }

        return properties;
    }

    /// <summary>A value by a key whose case does not matter, or null.</summary>
    public string? Find(string key) => Metadata.LastOrDefault(item => item.Key.Equals(key, StringComparison.OrdinalIgnoreCase)).Value;
}

/// <summary>Who subscribes: a resource, the app in its answer, or a client that holds a stream open.</summary>
internal enum SubscriptionOrigin
{
    Declarative,
    Programmatic,
    Streaming,
}

/// <summary>A subscription, wherever it comes from.</summary>
internal sealed record SubscriptionManifest(
    string PubSub,
    string Topic,
    string DeadLetterTopic,
    IReadOnlyDictionary<string, string> Metadata,
    Routes Routes,
    SubscriptionOrigin Origin,
    BulkSettings? Bulk = null
)
{
    public bool RawPayload => Metadata.TryGetValue("rawPayload", out var raw) && raw.Equals("true", StringComparison.OrdinalIgnoreCase);
}

/// <summary>How many messages a subscription takes at once at most, and how long it gathers them.</summary>
internal sealed record BulkSettings(int MaxMessages, TimeSpan MaxWait)
{
    /// <summary>Zero stands for daprd's own number.</summary>
    public static BulkSettings Of(int maxMessages, int maxWaitMilliseconds) =>
        new(maxMessages > 0 ? maxMessages : 100, TimeSpan.FromMilliseconds(maxWaitMilliseconds > 0 ? maxWaitMilliseconds : 1000));
}

/// <summary>What the resources folder holds for this app, in the order of the files.</summary>
internal sealed record ResourceSet(IReadOnlyList<ComponentManifest> Components, IReadOnlyList<SubscriptionManifest> Subscriptions);
