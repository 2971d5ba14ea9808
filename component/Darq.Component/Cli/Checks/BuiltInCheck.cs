using Darq.Component.Cli.Findings;

namespace Darq.Component.Cli.Checks;

/// <summary>Data of Dapr's built-in Redis components in the same database, which this component does not read.</summary>
internal static class BuiltInCheck
{
    /// <summary>A stream whose key is the name of a topic of ours.</summary>
    public static Finding OfTopic(string topic, long entries) =>
        new(Severity.Warning, "builtin", $"There is a stream of the built-in pubsub.redis with {entries} entries.")
        {
            Key = topic,
            Means = "Messages in it are not delivered by this component, which has the same API and its own data.",
            Do =
                "Let the apps of the old component finish them before they move, or publish them again; delete the key when it is done with",
        };

    /// <summary>A key of a state store.</summary>
    public static Finding OfState(string key) =>
        new(Severity.Warning, "builtin", "There is state of the built-in state.redis.")
        {
            Key = key,
            Means = "State of that store reads as empty through this component.",
            Do = "Copy what is needed through the state API of both components (docs/coming-from-pubsub-redis.md)",
        };
}
