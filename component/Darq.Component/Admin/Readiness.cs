using Darq.Component.Configuration;
using Darq.Component.Host;
using Darq.Component.Instances;
using Darq.Engine.Connection;
using Darq.Engine.Subscriptions;
using Darq.Engine.Telemetry;

namespace Darq.Component.Admin;

/// <summary>
/// Whether the component does its work, and else everything that keeps it from that: a Redis that cannot be used, streams that are gone,
/// a stream that answers nothing, a loop that gets nowhere, a socket that sidecars do not find.
/// </summary>
internal sealed class Readiness(EnginePool engines, StreamRegister streams, SocketWatch socket, IHostApplicationLifetime lifetime)
{
    /// <summary>No round takes so long while Redis is there, not even with the largest transactions.</summary>
    private static readonly TimeSpan MaxLoopAge = TimeSpan.FromSeconds(60);

    public ReadinessReport Report()
    {
        var primaries = engines
            .All.Select(engine => (Status: engine.Primary.Status, Subscriptions: engine.Subscriptions.Statuses))
            .ToArray();
        NamespaceReport[] namespaces = [.. primaries.Select(of => ReportOf(of.Status))];
        SubscriptionReport[] subscriptions =
        [
            .. primaries.SelectMany(of => of.Subscriptions.Select(subscription => ReportOf(of.Status.Namespace, subscription))),
        ];
        LostStreamReport[] lost = [.. streams.Lost.Select(ReportOf)];
        string[] reasons =
        [
            .. lifetime.ApplicationStopping.IsCancellationRequested ? ["the component is stopping"] : Array.Empty<string>(),
            .. socket.Why is { } gone ? [gone] : Array.Empty<string>(),
            .. namespaces.Where(of => of.Reason is not null).Select(of => $"namespace '{of.Namespace}': {of.Reason}"),
            .. lost.Select(of => $"{of.Component} '{of.Instance}', topic '{of.Topic}': {of.Reason}"),
            .. subscriptions.Where(of => of.Reason is not null).Select(of => $"group '{of.Group}', topic '{of.Topic}': {of.Reason}"),
            .. primaries.Select(of => of.Status).GroupBy(of => of.Namespace).SelectMany(LateLoops),
        ];
        return new(reasons.Length == 0, reasons, namespaces, subscriptions, lost);
    }

    private static NamespaceReport ReportOf(PrimaryStatus status) =>
        new(
            status.Namespace,
            status.Address,
            status.Why is null,
            status.Why,
            status.Durability.Level.ToString(),
            status.Durability.AtRisk,
            status.WhyStalled
        );

    private static SubscriptionReport ReportOf(string @namespace, SubscriptionStatus status) =>
        new(
            @namespace,
            status.Group,
            status.Topic,
            status.Gauges.Streams,
            status.Gauges.Lanes,
            status.Gauges.InFlight,
            Math.Round(status.Gauges.OldestUnanswered.TotalSeconds, 1),
            status.Silence > TimeSpan.Zero
                ? $"a stream has answered nothing for {status.Silence.TotalSeconds:0} s, five times processingTimeout or more; restart the "
                    + "app or its sidecar"
                : null
        );

    private static LostStreamReport ReportOf(LostStream lost) =>
        new(SettingTable.Of(lost.Service).Component, lost.Instance, lost.Topic, lost.Why);

    /// <summary>While Redis is away its loops wait, and afterwards they need a moment.</summary>
    private static IEnumerable<string> LateLoops(IGrouping<string, PrimaryStatus> primaries)
    {
        if (primaries.Any(primary => primary.Why is not null || primary.ReadyFor < MaxLoopAge))
        {
            return [];
        }

        return LoopMetrics
            .All.Where(loop => loop.Subject.Namespace == primaries.Key && loop.Age > MaxLoopAge)
            .Select(loop =>
                $"namespace '{primaries.Key}': loop '{loop.Name}' has had no good round for {loop.Age.TotalSeconds:0} s; the log says why"
            )
            .Distinct();
    }
}
