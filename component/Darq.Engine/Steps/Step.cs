using Darq.Engine.Core;
using Darq.Engine.State;
using Darq.Engine.Subscriptions.Deliveries;

namespace Darq.Engine.Steps;

/// <summary>
/// A step as parsed from a request of any surface, not yet placed in partitions. Parts that the request leaves out are empty.
/// </summary>
internal sealed class Step
{
    /// <summary>The caller's id, by which a repeated step is recognised; "" for none.</summary>
    public string Id { get; set; } = "";

    public List<DeliveryToken> Consumed { get; } = [];

    public List<(StateKey Key, string ETag)> Reads { get; } = [];

    public List<StateOperation> Operations { get; } = [];

    public List<StepEmit> Emits { get; } = [];

    /// <summary>When its caller wants to be answered; null where it does not say.</summary>
    public AckLevel? Ack { get; set; }

    /// <summary>The <c>source</c> of the emitted events.</summary>
    public string Source { get; set; } = "Dapr";

    /// <summary>Whether it only changes state, as a transaction without a token does.</summary>
    public bool IsPlain => Id.Length == 0 && Consumed.Count == 0 && Emits.Count == 0;

    /// <summary>Adds a message to what the step consumes, once.</summary>
    public void Consume(DeliveryToken token)
    {
        if (!Consumed.Contains(token))
        {
            Consumed.Add(token);
        }
    }

    /// <summary>
    /// Throws <see cref="DarqException"/> (Invalid) for an id beside consumed messages: the step is recorded with the first of them, so the
    /// same id with another message would take effect again.
    /// </summary>
    public void CheckId(string name = "id")
    {
        if (Id.Length > 0 && Consumed.Count > 0)
        {
            throw Limits.Invalid(name, Id, "no id in a step that consumes a message, which is known by that message");
        }
    }

    /// <summary>Adds the delivery that the step answers, as the first: Redis records the result by the first message.</summary>
    public void ConsumeFirst(DeliveryToken token)
    {
        Consumed.Remove(token);
        Consumed.Insert(0, token);
    }
}

/// <summary>
/// A message that a step publishes. Its data is JSON as it stood in the step, or any bytes where it is <see cref="Raw"/>.
/// </summary>
internal sealed record StepEmit
{
    public required string Topic { get; init; }

    public required ReadOnlyMemory<byte> Data { get; init; }

    public string Key { get; init; } = "";

    public string Id { get; init; } = "";

    public TimeSpan? TimeToLive { get; init; }

    /// <summary>Whether the data is published as it is, not inside an event.</summary>
    public bool Raw { get; init; }
}
