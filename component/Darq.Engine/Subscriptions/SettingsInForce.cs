using Darq.Engine.Telemetry;

namespace Darq.Engine.Subscriptions;

/// <summary>
/// The settings by which a subscription delivers: those of its newest open stream, because a hot reload changes settings by opening a
/// new one. Streams of several sidecars may differ; then the log says which are in force. Belongs to the core.
/// </summary>
internal sealed class SettingsInForce(string group, string topic, SubscriptionOptions options, Effects effects)
{
    public SubscriptionOptions Options { get; private set; } = options;

    /// <summary>
    /// Takes the settings of the stream that is the newest now. True: what is in memory was taken in by others, so that it waits in another
    /// order, or for nothing though it should be durable.
    /// </summary>
    public bool Follow(SubscriptionOptions newest, bool isShared)
    {
        if (newest.ChangesFrom(Options) is not { Length: > 0 } changes)
        {
            return false;
        }

        var isOutdated = newest.Order != Options.Order || newest.ReleaseAt == ReleaseAt.Durable && Options.ReleaseAt != ReleaseAt.Durable;
        Options = newest;
        // A deadline may be sooner.
        effects.Wake(Workers.Clock);
        if (isShared)
        {
            effects.Log(log => log.StreamsDiffer(group, topic, changes));
        }

        return isOutdated;
    }
}
