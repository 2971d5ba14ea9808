using Darq.Component.Configuration;
using Darq.Component.Host;
using Darq.Engine.Requests;
using Darq.Protos;
using Google.Protobuf;
using Grpc.Core;

namespace Darq.Component.Components;

/// <summary>The service OutputBinding: translates, calls the engine once, translates back.</summary>
internal sealed class OutputBindingService(Calls calls) : OutputBinding.OutputBindingBase
{
    private const ComponentService Service = ComponentService.OutputBinding;

    public ServedService Served => new(OutputBinding.Descriptor, binder => OutputBinding.BindService(binder, this));

    public override Task<OutputBindingInitResponse> Init(OutputBindingInitRequest request, ServerCallContext context) =>
        calls.InitAsync<OutputBindingInitResponse>(Service, request.Metadata, context);

    public override Task<ListOperationsResponse> ListOperations(ListOperationsRequest request, ServerCallContext context) =>
        Task.FromResult(new ListOperationsResponse { Operations = { BoundOperations.Names } });

    public override Task<PingResponse> Ping(PingRequest request, ServerCallContext context) => calls.PingAsync(Service, context);

    public override async Task<InvokeResponse> Invoke(InvokeRequest request, ServerCallContext context)
    {
        await using var use = await calls.UseAsync(Service, context);
        var (engine, options) = (use.Engine, use.Instance.Options);
        var operations = new BoundOperations(
            DeliverySteps.Of(engine, options),
            new(engine.Publisher, engine.StepExecutor, options.AppId)
            {
                DefaultTopic = options.DefaultTopic,
                Unanswered = use.Instance.Unanswered,
            },
            engine.Barrier,
            engine.Subscriptions
        );
        var answer = await operations.InvokeAsync(request.Operation, request.Data.Memory, request.Metadata, context.CancellationToken);
        return new InvokeResponse { Data = UnsafeByteOperations.UnsafeWrap(answer), ContentType = "application/json" };
    }
}
