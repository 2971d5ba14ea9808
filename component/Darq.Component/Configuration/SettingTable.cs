using Darq.Engine.Core;
using static Darq.Component.Configuration.SettingForms;

namespace Darq.Component.Configuration;

/// <summary>All keys that one service accepts at Init. The printed reference comes from these tables too.</summary>
internal sealed class SettingTable
{
    public static readonly Setting<string> ConsumerId = Text(
        "consumerID",
        "1 to 255 bytes without control characters and *",
        "The group: instances with the same one share the messages. The sidecar adds the app's id.",
        Limits.IsName
    );
    public static readonly Setting<string> Group = Text(
        "group",
        ConsumerId.Form,
        "The group of an input binding; else consumerID, else appID.",
        Limits.IsName
    );
    public static readonly Setting<string> Topic = Text(
        "topic",
        "a topic's name",
        "The topic that is read, and the one that publish uses when the request names none.",
        Limits.IsName
    );
    public static readonly Setting<string> Topics = Text(
        "topics",
        "topic names separated by commas",
        "Several topics to read.",
        static text => Split(text).All(Limits.IsName)
    );
    public static readonly Setting<string> Direction = Text(
        "direction",
        "input, output, or both as 'input, output'",
        "Which sides of the binding the sidecar uses.",
        static text => Split(text.ToUpperInvariant()).All(word => word is "INPUT" or "OUTPUT")
    );
    public static readonly Setting<string> KeyPrefix = Text(
        "keyPrefix",
        "appid, none, or the prefix itself as the state store has it (for name and namespace their values there)",
        "The prefix of the state keys of a step, so that they are those of the state API: the app's id unless the state store "
            + "has another.",
        static text =>
            !text.Equals("name", StringComparison.OrdinalIgnoreCase)
            && !text.Equals("namespace", StringComparison.OrdinalIgnoreCase)
            && !text.Contains("||", StringComparison.Ordinal),
        "appid"
    );
    public static readonly Setting<long> TtlInSeconds = Number(
        "ttlInSeconds",
        -1,
        int.MaxValue,
        -1,
        "Time to live of state that is saved without one of its own; 0 or less: for ever."
    );

    /// <summary>What makes a store that of the sidecar's actors and workflows.</summary>
    public static readonly Setting<string> ActorStateStore = Accepted("actorStateStore", SettingRole.Sidecar, "Read by the sidecar.");

    /// <summary>One subscription's own metadata; unknown keys belong to others and are ignored.</summary>
    public static readonly SettingTable Subscription = new(
        "a subscription",
        [.. DeliverySettings.PerSubscription, DeliverySettings.RawPayload]
    );

    /// <summary>What a command of <c>darq</c> has to know of the component that it looks after.</summary>
    public static readonly SettingTable CommandLine = new(
        "darq",
        [.. ConnectionSettings.All, NamespaceSettings.Namespace, NamespaceSettings.Partitions]
    );

    private static readonly SettingTable PubSub = new(
        "pubsub.darq",
        [
            .. ConnectionSettings.All,
            .. NamespaceSettings.All,
            ConsumerId,
            .. DeliverySettings.All,
            .. Sidecar("publishingScopes", "subscriptionScopes", "allowedTopics", "protectedTopics", "scopes"),
        ]
    );

    private static readonly SettingTable State = new(
        "state.darq",
        [
            .. ConnectionSettings.All,
            .. NamespaceSettings.All,
            TtlInSeconds,
            ActorStateStore,
            .. Sidecar("keyPrefix", "outboxPublishPubsub", "outboxPublishTopic", "outboxPubsub", "outboxDiscardWhenMissingState"),
            Accepted("primaryEncryptionKey", SettingRole.Sidecar, "Read by the sidecar.", secret: true),
            Accepted("secondaryEncryptionKey", SettingRole.Sidecar, "Read by the sidecar.", secret: true),
            Accepted("queryIndexes", SettingRole.Missed, "The query API is not served."),
            Accepted("redeliverInterval", SettingRole.WithoutEffect, "Means nothing for state."),
            Accepted("processingTimeout", SettingRole.WithoutEffect, "Means nothing for state."),
        ]
    );

    private static readonly SettingTable Bindings = new(
        "bindings.darq",
        [
            .. ConnectionSettings.All,
            .. NamespaceSettings.All,
            ConsumerId,
            Group,
            Topic,
            Topics,
            Direction,
            KeyPrefix,
            .. DeliverySettings.All,
            DeliverySettings.EmptyAnswer,
            .. Sidecar("route"),
        ]
    );

    private readonly Dictionary<string, Setting> _byName;

    private SettingTable(string component, IReadOnlyList<Setting> settings)
    {
        Component = component;
        Settings = settings;
        _byName = settings.ToDictionary(setting => setting.Name, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>The component type as users write it.</summary>
    public string Component { get; }

    public IReadOnlyList<Setting> Settings { get; }

    public static SettingTable Of(ComponentService service) =>
        service switch
        {
            ComponentService.PubSub => PubSub,
            ComponentService.StateStore => State,
            // One metadata list serves both directions of a binding: each side gets all of it.
            _ => Bindings,
        };

    public static IReadOnlyList<string> Split(string list) =>
        list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    public Setting? Find(string name) => _byName.GetValueOrDefault(name);

    private static IEnumerable<Setting> Sidecar(params string[] names) =>
        names.Select(name => (Setting)Accepted(name, SettingRole.Sidecar, "Read by the sidecar."));
}
