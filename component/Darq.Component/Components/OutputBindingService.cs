using Darq.Component.Configuration;
using Darq.Component.Host;
using Darq.Component.Instances;
using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Protos;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Grpc.Core;

namespace Darq.Component.Components;

/// <summary>
/// The service OutputBinding: steps, and publishing with the message's id and position as the answer. Every outcome of a step is a
/// successful answer with its name, because the sidecar turns every error into a bare 500.
/// </summary>
internal sealed class OutputBindingService(Calls calls) : OutputBinding.OutputBindingBase
{
    private const ComponentService Service = ComponentService.OutputBinding;
    private const string Step = "step";
    private const string Extend = "extend";

    // The sidecar compares operations case-sensitively; create is the name that most bindings know.
    public static readonly IReadOnlyList<string> Operations = ["publish", "create", Step, Extend];

    public ServedService Served => new(OutputBinding.Descriptor, binder => OutputBinding.BindService(binder, this));

    public override Task<OutputBindingInitResponse> Init(OutputBindingInitRequest request, ServerCallContext context) =>
        calls.InitAsync<OutputBindingInitResponse>(Service, request.Metadata, context);

    public override Task<ListOperationsResponse> ListOperations(ListOperationsRequest request, ServerCallContext context) =>
        Task.FromResult(new ListOperationsResponse { Operations = { Operations } });

    public override Task<PingResponse> Ping(PingRequest request, ServerCallContext context) => calls.PingAsync(Service, context);

    public override async Task<InvokeResponse> Invoke(InvokeRequest request, ServerCallContext context)
    {
        await using var use = await calls.UseAsync(Service, context);
        if (!Operations.Contains(request.Operation))
        {
            throw Limits.Invalid("operation", request.Operation, "one of " + string.Join(", ", Operations));
        }

        var answer = request.Operation switch
        {
            Step => await StepAsync(use, request, context.CancellationToken),
            Extend => ExtendDelivery(use, request.Metadata),
            _ => StepAnswer.Write(
                await new BoundPublish(use.Engine, use.Instance.Options, use.Instance.Unanswered).PublishAsync(
                    request,
                    context.CancellationToken
                )
            ),
        };
        return new InvokeResponse { Data = UnsafeByteOperations.UnsafeWrap(answer), ContentType = "application/json" };
    }

    private static async ValueTask<ReadOnlyMemory<byte>> StepAsync(InstanceUse use, InvokeRequest request, CancellationToken cancellation)
    {
        CheckMetadata(request.Metadata);
        var steps = new BoundSteps(use.Engine, use.Instance.Options);
        return StepAnswer.Write(await steps.ApplyAsync(request.Data.Memory, own: null, cancellation), steps);
    }

    /// <summary>The processing time of a delivery begins anew. STALE where it is not out any more, or its time was over.</summary>
    private static ReadOnlyMemory<byte> ExtendDelivery(InstanceUse use, MapField<string, string> metadata)
    {
        var text = RequestNames.Extend.Read(metadata).GetValueOrDefault(WireNames.Token, "");
        return DeliveryToken.TryParse(text, out var token)
            ? StepAnswer.WriteOutcome(use.Engine.Subscriptions.Extend(token) ? "OK"u8 : "STALE"u8)
            : throw Limits.Invalid(
                $"metadata {WireNames.Token}",
                text,
                "the token of the delivery that needs more time, from its header darq-token"
            );
    }

    /// <summary>
    /// A step in JSON takes nothing from metadata: ignoring one of its names, or a delivery's header that was meant as one, would silently
    /// lose an effect.
    /// </summary>
    private static void CheckMetadata(MapField<string, string> metadata)
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
                    "no such metadata with the operation step; put it into the step's JSON" + field
                );
            }
        }
    }
}
