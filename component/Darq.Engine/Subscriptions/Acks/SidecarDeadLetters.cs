using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Subscriptions.Deliveries;

namespace Darq.Engine.Subscriptions.Acks;

/// <summary>
/// Dead letters of the sidecar's own resiliency: it publishes what its app did not take to another topic, and then acknowledges. Under
/// <see cref="SubscriptionOptions.RequireStep"/> that acknowledgement would not count, so publish and acknowledgement are one request,
/// and the answer finds the message consumed.
/// </summary>
internal sealed class SidecarDeadLetters(Primary primary, SubscriptionTable subscriptions, TimeProvider time)
{
    /// <summary>
    /// Moves the message of a delivery to <paramref name="topic"/>. Throws <see cref="DarqException"/>: Fenced where the lane is
    /// another's, Full where the topic takes nothing more, Unavailable where the outcome is unknown. Safe to repeat.
    /// </summary>
    public async ValueTask MoveAsync(DeliveryToken token, Outstanding outstanding, string topic, CancellationToken cancellation)
    {
        var attempt = subscriptions.StepStarted(token);
        var (end, fencingToken, before) = (StepEnd.Unchanged, Lane.NoToken, primary.Watermark.Recoveries);
        var request = Compose(token, outstanding, topic, FencingToken);
        try
        {
            var outcome = await primary.SubmitAsync(request, cancellation);
            end = outcome switch
            {
                SettlementOutcome.Done => StepEnd.Consumed,
                SettlementOutcome.Fenced => StepEnd.Fenced,
                _ => StepEnd.Unchanged,
            };
            Check(outcome, topic);
        }
        finally
        {
            subscriptions.StepEnded(token, attempt, end, fencingToken);
        }

        // It answers a publish. An error though the message was moved would make the sidecar publish a second dead letter.
        await primary.Durable.WaitAsync(before, Survives, cancellation);

        bool Survives() => request.Reached is { } reached && primary.Applied.Survives(token.Partition, reached);

        string FencingToken() => fencingToken = subscriptions.FencingTokenOf(token);
    }

    private DeadLetterRequest Compose(DeliveryToken token, Outstanding outstanding, string topic, Func<string> fencingToken)
    {
        var (message, failures) = (outstanding.Delivery.Message, outstanding.Delivery.Attempt);
        var metadata = DeadLetter.Metadata(message, DeadLetter.SidecarGaveUp, token.Group, token.Topic, failures, time.GetUtcNow());
        return new(token.Group, token.Topic, message, topic, metadata, outstanding.Options.MaxBacklog, fencingToken)
        {
            HasCallTimeout = true,
            Applied = primary.Applied,
        };
    }

    private static void Check(SettlementOutcome outcome, string topic)
    {
        if (outcome == SettlementOutcome.Fenced)
        {
            throw new DarqException(ErrorCode.Fenced, "FENCED: the message's lane has another owner; it is delivered again.");
        }

        if (outcome == SettlementOutcome.Full)
        {
            throw new DarqException(ErrorCode.Full, $"FULL: the dead-letter topic {topic} takes nothing more (maxBacklog).");
        }
    }
}
