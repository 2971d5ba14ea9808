using Darq.Sidecar.Resources;

namespace Darq.Sidecar.Components;

/// <summary>Which topics this app may publish to and subscribe to on one pub/sub component.</summary>
internal sealed class TopicScopes(ComponentManifest manifest, string appId)
{
    private readonly string[] _allowed = List(manifest.Find("allowedTopics"));
    private readonly string[] _protected = List(manifest.Find("protectedTopics"));
    private readonly string[]? _publishing = Scope(manifest.Find("publishingScopes"), appId);
    private readonly string[]? _subscribing = Scope(manifest.Find("subscriptionScopes"), appId);

    public bool MayPublish(string topic) => May(topic, _publishing);

    public bool MaySubscribe(string topic) => May(topic, _subscribing);

    private bool May(string topic, string[]? scope)
    {
        if (_allowed.Length > 0 && !_allowed.Contains(topic) && !_protected.Contains(topic))
        {
            return false;
        }

        return scope?.Contains(topic) ?? !_protected.Contains(topic);
    }

    private static string[] List(string? text) =>
        text?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    // "app1=topic1,topic2;app2=topic3": an app that is not named is not limited.
    private static string[]? Scope(string? text, string appId)
    {
        foreach (var entry in text?.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [])
        {
            var parts = entry.Split('=', 2);
            if (parts is [var app, var topics] && app.Trim() == appId)
            {
                return List(topics);
            }
        }
        return null;
    }
}
