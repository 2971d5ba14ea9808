namespace Darq.Engine.Telemetry;

/// <summary>
/// All counters of this process. The bounds keep each metric below the 2,000 series at which OpenTelemetry begins to merge them, with
/// every reason counted.
/// </summary>
internal static class EngineCounters
{
    public const int MaxSubscriptions = 256;

    public static readonly CounterTable<NamespaceCounters> Namespaces = new(64, labels => new(labels));

    public static readonly CounterTable<TopicCounters> Topics = new(1_000, labels => new(labels));

    public static readonly CounterTable<SubscriptionCounters> Subscriptions = new(MaxSubscriptions, labels => new(labels));
}
