using Darq.Engine.Core;
using Darq.Engine.Durability;
using Darq.Engine.Publishing;
using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Deliveries;

namespace Darq.Engine.Requests;

/// <summary>
/// The operations of an output binding: steps, publishing with the message's id and position as the answer, and whether that is durable.
/// Every outcome is a successful answer with its name, because the sidecar turns every error into a bare 500.
/// </summary>
internal sealed class BoundOperations(BoundSteps steps, BoundPublish publish, DurabilityBarrier barrier, SubscriptionTable subscriptions)
{
    private const string Step = "step";
    private const string Extend = "extend";
    private const string Pass = "barrier";
    private const string Status = "status";

    // The sidecar compares operations case-sensitively; create is the name that most bindings know.
    public static readonly IReadOnlyList<string> Names = ["publish", "create", Step, Extend, Pass, Status];

    /// <summary>Carries one out and returns its answer, in JSON. Throws <see cref="DarqException"/>.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> InvokeAsync(
        string operation,
        ReadOnlyMemory<byte> data,
        IReadOnlyDictionary<string, string> metadata,
        CancellationToken cancellation
    )
    {
        if (!Names.Contains(operation))
        {
            throw Limits.Invalid("operation", operation, "one of " + string.Join(", ", Names));
        }

        return operation switch
        {
            Step => await StepAsync(data, metadata, cancellation),
            Extend => ExtendDelivery(metadata),
            Pass => await PassAsync(data, metadata, cancellation),
            Status => WriteStatus(data, metadata),
            _ => StepAnswer.Write(await publish.PublishAsync(data, metadata, cancellation)),
        };
    }

    private async ValueTask<ReadOnlyMemory<byte>> StepAsync(
        ReadOnlyMemory<byte> data,
        IReadOnlyDictionary<string, string> metadata,
        CancellationToken cancellation
    )
    {
        CheckMetadata(Step, metadata);
        return StepAnswer.Write(await steps.ApplyAsync(data, own: null, cancellation), steps);
    }

    private async ValueTask<ReadOnlyMemory<byte>> PassAsync(
        ReadOnlyMemory<byte> data,
        IReadOnlyDictionary<string, string> metadata,
        CancellationToken cancellation
    )
    {
        CheckMetadata(Pass, metadata);
        var request = BarrierRequest.Parse(data, barrier.Partitions);
        return BarrierAnswer.Write(await barrier.PassAsync(request.Positions, request.Timeout, cancellation));
    }

    private ReadOnlyMemory<byte> WriteStatus(ReadOnlyMemory<byte> data, IReadOnlyDictionary<string, string> metadata)
    {
        CheckMetadata(Status, metadata);
        BarrierRequest.CheckNothing(data);
        return BarrierAnswer.Write(barrier.Status);
    }

    /// <summary>The processing time of a delivery begins anew. STALE where it is not out any more, or its time was over.</summary>
    private ReadOnlyMemory<byte> ExtendDelivery(IReadOnlyDictionary<string, string> metadata)
    {
        var text = RequestNames.Extend.Read(metadata).GetValueOrDefault(WireNames.Token, "");
        if (!DeliveryToken.TryParse(text, out var token))
        {
            throw Limits.Invalid(
                $"metadata {WireNames.Token}",
                text,
                "the token of the delivery that needs more time, from its header darq-token"
            );
        }

        return subscriptions.Extend(token) ? StepAnswer.Ok : StepAnswer.Stale;
    }

    /// <summary>
    /// An operation that is all JSON takes nothing from metadata: ignoring one of its names, or a delivery's header that was meant as one,
    /// would silently lose an effect.
    /// </summary>
    private static void CheckMetadata(string operation, IReadOnlyDictionary<string, string> metadata)
    {
        foreach (var (name, value) in metadata)
        {
            if (RequestNames.NameOfOurs(name) is { } ours)
            {
                var field = ours switch
                {
                    "token" or "consume" => ", in the list consume",
                    "id" or "emit" or "reads" => $", as {ours}",
                    _ => "",
                };
                throw Limits.Invalid(
                    $"metadata {name}",
                    value,
                    $"no such metadata with the operation {operation}" + (operation == Step ? $"; put it into the step's JSON{field}" : "")
                );
            }
        }
    }
}
