using Darq.Contract;
using Darq.Grpc;

namespace Darq.Hosting;

/// <summary>The service InputBinding: topics delivered through a binding, to an app that may work on many at once.</summary>
internal sealed class InputBindingService(Calls calls, DeliveryDrain drain, TimeProvider time, ILogger<ReadStream> log)
{
    private const ComponentService Service = ComponentService.InputBinding;

    public ServiceDefinition Definition => new ServiceDefinition(BindingsReflection.Descriptor.Services.Single(service => service.Name == "InputBinding"))
        .Unary("Init", InputBindingInitRequest.Parser, InitAsync)
        .Duplex<ReadRequest, ReadResponse>("Read", ReadRequest.Parser, ReadAsync)
        .Unary("Ping", PingRequest.Parser, PingAsync);

    private ValueTask<InputBindingInitResponse> InitAsync(InputBindingInitRequest request, ServerCall call) =>
        calls.InitAsync<InputBindingInitResponse>(Service, request.Metadata, call);

    private Task ReadAsync(IMessageReader<ReadRequest> requests, IMessageWriter<ReadResponse> responses, ServerCall call) =>
        calls.StreamAsync(Service, call, async (use, cancelled) =>
        {
            using var stream = new ReadStream(use.Instance, requests, responses, drain, time, log);
            await stream.RunAsync(cancelled);
        });

    private ValueTask<PingResponse> PingAsync(PingRequest request, ServerCall call) => calls.PingAsync(Service, call);
}
