using Darq.Sidecar.Resources;

namespace Darq.Sidecar.Components;

/// <summary>
/// A store's transactional outbox: where its events end up, and by which pub/sub they wait for their row. Unlike other metadata these keys
/// are read in their exact case.
/// </summary>
internal sealed record OutboxSettings(string PubSub, string Topic, string InternalPubSub)
{
    /// <summary>Null unless the store names both the pub/sub and the topic.</summary>
    public static OutboxSettings? Of(ComponentManifest manifest)
    {
        var properties = manifest.Properties();
        string Value(string key) => properties.GetValueOrDefault(key, "");
        var (pubSub, topic, own) = (Value("outboxPublishPubsub"), Value("outboxPublishTopic"), Value("outboxPubsub"));
        return pubSub.Length == 0 || topic.Length == 0 ? null : new(pubSub, topic, own.Length == 0 ? pubSub : own);
    }
}
