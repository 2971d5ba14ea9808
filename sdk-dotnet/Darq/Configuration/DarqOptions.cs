using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Darq;

/// <summary>
/// What an app says of its sidecar: the names of its components, and how steps are run. From code (<c>AddDarq(o => …)</c>) or from the
/// section <c>Darq</c> of the configuration; checked when the app starts.
/// </summary>
public sealed class DarqOptions
{
    /// <summary>The name of the component of type <c>pubsub.darq</c>. Required.</summary>
    public string PubSub { get; set; } = "";

    /// <summary>
    /// The name of the component of type <c>state.darq</c>, with the same Redis, database and namespace as <see cref="PubSub"/>. Required.
    /// </summary>
    public string StateStore { get; set; } = "";

    /// <summary>
    /// The name of a component of type <c>bindings.darq</c> with an output side, over which steps are sent; null (the default) sends them
    /// as state transactions. Over a binding a refused step names the keys in conflict. Its <c>keyPrefix</c> has to be that of the store.
    /// Barriers and <see cref="Step.ExtendAsync"/> need one.
    /// </summary>
    public string? Binding { get; set; }

    /// <summary>
    /// When publishes, steps and reads of state by this app are answered; null (the default) says nothing to the component, whose setting
    /// <c>ack</c> decides then (durable, unless it is set). <see cref="AckLevel.Speculative"/> suits services whose messages only go on to
    /// further steps: a crash that undoes a step undoes what came of it as well. Before anything outside comes to know of it,
    /// <see cref="Step.BarrierAsync"/> and <see cref="IDarqClient.BarrierAsync"/> wait until it is durable.
    /// </summary>
    public AckLevel? Ack { get; set; }

    /// <summary>
    /// The failures after which a message moves to the dead-letter topic and the next one of its key goes on: 1 to 1,000,000, default 10,
    /// which takes about 80 seconds. 0 repeats it for ever; null leaves it to the component's setting.
    /// </summary>
    public int? MaxDeliveries { get; set; } = 10;

    /// <summary>
    /// How long a handler may take before its attempt counts as failed and <see cref="Step.CancellationToken"/> ends: 1 millisecond to 24
    /// hours, default 1 minute. Each subscription tells it to the component, so that both agree: it replaces the component's own
    /// <c>processingTimeout</c>. <c>WithProcessingTimeout</c> sets another for one topic; <see cref="Step.ExtendAsync"/> begins it anew.
    /// </summary>
    public TimeSpan ProcessingTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How long a handler is run again on fresh state, after pauses of some milliseconds to half a second, while others change what it has
    /// read: 0 to 1 hour, default 10 seconds. After that the delivery has failed and comes again later.
    /// </summary>
    public TimeSpan ConflictTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a step is sent again that got no answer: 1 second to 1 hour, default 30 seconds; each of these repetitions is harmless.
    /// After that its outcome is unknown, the delivery fails, and the next one learns whether the step took effect.
    /// </summary>
    public TimeSpan CommitTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How large the sidecar's request with a message may be, in bytes: 1 to 2,147,483,647, default 8 MiB, which is more than the
    /// largest message that the component takes.
    /// </summary>
    public int MaxMessageBytes { get; set; } = 8 * 1024 * 1024;

    /// <summary>
    /// How messages and state become JSON. Default: names in camel case, as ASP.NET Core has it. An app that is compiled ahead of time or
    /// trimmed sets its <see cref="JsonSerializerOptions.TypeInfoResolver"/> to a source-generated context.
    /// </summary>
    public JsonSerializerOptions JsonSerializerOptions { get; } = new(JsonSerializerDefaults.Web) { TypeInfoResolver = Reflection() };

    /// <summary>What the configuration says of options in a form that cannot be read.</summary>
    internal List<(string Option, string Mistake)> Unreadable { get; } = [];

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "Only where reflection is on, which trimming turns off.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "Only where reflection is on, which native compilation turns off.")]
    private static DefaultJsonTypeInfoResolver? Reflection() => JsonSerializer.IsReflectionEnabledByDefault ? new() : null;
}
