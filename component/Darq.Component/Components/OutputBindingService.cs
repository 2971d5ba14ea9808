using Darq.Component.Configuration;
using Darq.Component.Host;
using Darq.Component.Instances;
using Darq.Engine.Core;
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

    // The sidecar compares operations case-sensitively; create is the name that most bindings know.
    private static readonly string[] Operations = ["publish", "create", Step];

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

        var answer =
            request.Operation == Step
                ? await StepAsync(use, request, context.CancellationToken)
                : StepAnswer.Write(
                    await new BoundPublish(use.Engine, use.Instance.Options).PublishAsync(request, context.CancellationToken)
                );
        return new InvokeResponse { Data = UnsafeByteOperations.UnsafeWrap(answer), ContentType = "application/json" };
    }

    private static async ValueTask<ReadOnlyMemory<byte>> StepAsync(InstanceUse use, InvokeRequest request, CancellationToken cancellation)
    {
        CheckMetadata(request.Metadata);
        var steps = new BoundSteps(use.Engine, use.Instance.Options);
        return StepAnswer.Write(await steps.ApplyAsync(request.Data.Memory, own: null, cancellation), steps);
    }

    /// <summary>A step in JSON takes nothing from metadata: ignoring one of its names would silently lose an effect.</summary>
    private static void CheckMetadata(MapField<string, string> metadata)
    {
        foreach (var (name, value) in metadata)
        {
            if (name.StartsWith("darq.", StringComparison.Ordinal))
            {
                throw Limits.Invalid($"metadata {name}", value, "no such metadata with the operation step; put it into the step's JSON");
            }
        }
    }
}
