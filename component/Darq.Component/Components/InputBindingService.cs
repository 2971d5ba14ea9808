using Darq.Component.Configuration;
using Darq.Component.Dapr;
using Darq.Component.Host;
using Darq.Component.Instances;
using Darq.Protos;
using Grpc.Core;

namespace Darq.Component.Components;

/// <summary>The service InputBinding: topics delivered through a binding, many messages at once.</summary>
internal sealed class InputBindingService(
    Calls calls,
    DeliveryDrain drain,
    StreamRegister streams,
    TimeProvider time,
    ILogger<ReadStream> log
) : InputBinding.InputBindingBase
{
    private const ComponentService Service = ComponentService.InputBinding;

    public ServedService Served
    {
        get
        {
            DuplexStreamingServerMethod<ReadRequest, DeliveryMessage> deliver = ReadAsync;
            return new(InputBinding.Descriptor, binder => InputBinding.BindService(binder, this), deliver);
        }
    }

    public override Task<InputBindingInitResponse> Init(InputBindingInitRequest request, ServerCallContext context) =>
        calls.InitAsync<InputBindingInitResponse>(Service, request.Metadata, context);

    private Task ReadAsync(
        IAsyncStreamReader<ReadRequest> requests,
        IServerStreamWriter<DeliveryMessage> responses,
        ServerCallContext context
    ) =>
        calls.StreamAsync(
            Service,
            context,
            async (use, cancelled) =>
            {
                using var stream = new ReadStream(use.Instance, requests, responses, drain, streams, time, log);
                await stream.RunAsync(cancelled);
            }
        );

    public override Task<PingResponse> Ping(PingRequest request, ServerCallContext context) => calls.PingAsync(Service, context);
}
