using Darq.Engine.Core;
using static Darq.Component.Configuration.SettingForms;

namespace Darq.Component.Configuration;

/// <summary>The namespace of an instance, with its limits and windows. Every service takes these.</summary>
internal static class NamespaceSettings
{
    private static readonly NamespaceOptions Standard = new();

    public static readonly Setting<string> Namespace = Text(
        "namespace",
        "1 to 40 characters of a-z, 0-9 and -",
        "The prefix of all keys in Redis; apps that exchange messages share it.",
        IsNamespace,
        Standard.Name
    );
    public static readonly Setting<long> Partitions = Number(
        "partitions",
        1,
        1024,
        Standard.Partitions,
        "The number of partitions; fixed when the namespace is created."
    );
    public static readonly Setting<TimeSpan> DedupWindow = Window(
        "dedupWindow",
        Standard.DedupWindow,
        "How long a message id that the publisher chose is remembered at least."
    );
    public static readonly Setting<TimeSpan> RetryWindow = Window(
        "retryWindow",
        Standard.RetryWindow,
        "How long a publish without an id of its own is remembered, against repetitions (dedupBy)."
    );
    public static readonly Setting<DedupBy> DedupBy = Choice(
        "dedupBy",
        "What makes two publishes without an id of their own the same: sidecar (it sends one again that had no answer), content (source "
            + "and id of an event, with equal bytes) or cloudevent (source and id).",
        [
            ("sidecar", Darq.Engine.Core.DedupBy.Sidecar),
            ("content", Darq.Engine.Core.DedupBy.Content),
            ("cloudevent", Darq.Engine.Core.DedupBy.CloudEvent),
        ]
    );
    public static readonly Setting<TimeSpan> StepRetention = Window(
        "stepRetention",
        Standard.StepRetention,
        "How long the result of a step is kept."
    );
    public static readonly Setting<long> MaxBacklog = Number(
        "maxBacklog",
        1,
        1_000_000_000,
        Standard.MaxBacklog,
        "How many messages a topic may hold in one partition before it is full."
    );
    public static readonly Setting<TimeSpan> CallTimeout = Duration(
        "callTimeout",
        TimeSpan.FromMilliseconds(100),
        TimeSpan.FromMinutes(1),
        Standard.CallTimeout,
        "How long a call may wait for Redis before it answers Unavailable."
    );
    public static readonly Setting<CrossPartitionSteps> CrossPartitionSteps = Choice(
        "crossPartitionSteps",
        "What happens to a step that touches several partitions, which a cluster of several shards could not run: each is counted; warn "
            + "logs the first.",
        [
            ("allow", Darq.Engine.Core.CrossPartitionSteps.Allow),
            ("warn", Darq.Engine.Core.CrossPartitionSteps.Warn),
            ("refuse", Darq.Engine.Core.CrossPartitionSteps.Refuse),
        ]
    );
    public static readonly Setting<DurabilityLevel> Durability = new(
        "durability",
        DurabilityLevel.Form,
        Standard.Durability.ToString(),
        "When a write counts as durable, which answers and deliveries wait for: reply (Redis has applied it), fsync (it is on the disk of "
            + "the primary), replicated (n replicas have it), replica-fsync (on their disks), fsync+replicated (both). A named level waits "
            + "where it is not reached; auto takes the strongest that the server has.",
        static (string text, out DurabilityLevel level) => DurabilityLevel.TryParse(text, out level) ? null : Wrong
    )
    {
        Default = Standard.Durability,
    };
    public static readonly Setting<AckLevel> Ack = Choice(
        "ack",
        "When a request is answered that does not say so itself, by darq.ack or its consistency: durable (once what it wrote or read is "
            + "durable), speculative (once Redis has applied it; a crash may undo it).",
        [(AckLevels.DurableWord, AckLevel.Durable), (AckLevels.SpeculativeWord, AckLevel.Speculative)]
    );
    public static readonly Setting<string> AppId = Text(
        "appID",
        "the app's id, usually \"{appID}\"",
        "The app on whose behalf a binding works.",
        Limits.IsName
    );

    public static readonly IReadOnlyList<Setting> All =
    [
        Namespace,
        Partitions,
        DedupWindow,
        RetryWindow,
        DedupBy,
        StepRetention,
        MaxBacklog,
        CallTimeout,
        CrossPartitionSteps,
        Durability,
        Ack,
        AppId,
    ];

    private static bool IsNamespace(string text) =>
        text.Length is > 0 and <= 40 && text.All(static letter => letter is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-');

    private static Setting<TimeSpan> Window(string name, TimeSpan standard, string description) =>
        Duration(name, TimeSpan.FromSeconds(1), TimeSpan.FromDays(31), standard, description);
}
