namespace Darq.AspNetCore.Subscriptions;

/// <summary>What the sidecar is told of a topic whose messages are steps; metadata of its endpoint.</summary>
internal sealed class StepSubscription(string pubSub, string topic)
{
    private readonly SortedDictionary<string, string> _settings = new(StringComparer.OrdinalIgnoreCase) { ["requireStep"] = "true" };

    public string PubSub { get; set; } = pubSub;

    public string Topic { get; } = topic;

    /// <summary>The same as the setting of that name; infinite where that is zero.</summary>
    public TimeSpan ProcessingTimeout { get; set; } = Timeout.InfiniteTimeSpan;

    public IReadOnlyDictionary<string, string> Settings => _settings;

    public void Set(string name, string value) => _settings[name] = value;
}
