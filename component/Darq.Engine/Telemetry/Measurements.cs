using System.Diagnostics.Metrics;

namespace Darq.Engine.Telemetry;

/// <summary>What the instruments read, with its labels.</summary>
internal static class Measurements
{
    public static Func<IEnumerable<Measurement<long>>> OfNamespaces(Func<NamespaceCounters, Count> count) =>
        () => EngineCounters.Namespaces.All.Select(of => new Measurement<long>(count(of).Value, of.Labels.Tags));

    public static Func<IEnumerable<Measurement<long>>> OfTopics(Func<TopicCounters, Count> count) =>
        () => EngineCounters.Topics.All.Select(of => new Measurement<long>(count(of).Value, of.Labels.Tags));

    public static Func<IEnumerable<Measurement<long>>> OfSubscriptions(Func<SubscriptionCounters, Count> count) =>
        () => EngineCounters.Subscriptions.All.Select(of => new Measurement<long>(count(of).Value, of.Labels.Tags));

    public static Func<IEnumerable<Measurement<long>>> NamespacesByReason(string[] reasons, Func<NamespaceCounters, Count[]> counts) =>
        () => EngineCounters.Namespaces.All.SelectMany(of => ByReason(of.Labels, reasons, counts(of)));

    public static Func<IEnumerable<Measurement<long>>> SubscriptionsByReason(
        string[] reasons,
        Func<SubscriptionCounters, Count[]> counts
    ) => () => EngineCounters.Subscriptions.All.SelectMany(of => ByReason(of.Labels, reasons, counts(of)));

    /// <summary>Several primaries have one series where they have one namespace, on several servers.</summary>
    public static Func<IEnumerable<Measurement<long>>> OfPrimaries(Func<IEnumerable<IObservedPrimary>, long> number) =>
        () => LiveObjects.Primaries.GroupBy(of => of.Counters).Select(of => new Measurement<long>(number(of), of.Key.Labels.Tags));

    /// <summary>Likewise, and all subscriptions that count together.</summary>
    public static Func<IEnumerable<Measurement<T>>> OfLive<T>(Func<IEnumerable<SubscriptionGauges>, T> number)
        where T : struct =>
        () =>
            LiveObjects
                .Subscriptions.GroupBy(of => of.Counters)
                .Select(of => new Measurement<T>(number(of.Select(one => one.Observe())), of.Key.Labels.Tags));

    private static IEnumerable<Measurement<long>> ByReason(MetricLabels labels, string[] reasons, Count[] counts) =>
        counts.Select((count, at) => new Measurement<long>(count.Value, labels.With("reason", reasons[at])));
}
