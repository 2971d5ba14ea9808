using System.Buffers;
using System.Text.Json;
using Darq.Contract;
using Darq.Grpc;
using Darq.Partitions;
using Darq.Publishing;
using Google.Protobuf;

namespace Darq.Hosting;

/// <summary>The service OutputBinding: publishing with an answer that says what became of the message.</summary>
internal sealed class OutputBindingService(Calls calls)
{
    private const ComponentService Service = ComponentService.OutputBinding;

    // The sidecar compares the operation with these letter by letter; create is the name that most bindings know.
    private static readonly string[] Operations = ["publish", "create"];

    public ServiceDefinition Definition => new ServiceDefinition(BindingsReflection.Descriptor.Services.Single(service => service.Name == "OutputBinding"))
        .Unary("Init", OutputBindingInitRequest.Parser, InitAsync)
        .Unary("Invoke", InvokeRequest.Parser, InvokeAsync)
        .Unary("ListOperations", ListOperationsRequest.Parser, ListOperationsAsync)
        .Unary("Ping", PingRequest.Parser, PingAsync);

    private ValueTask<OutputBindingInitResponse> InitAsync(OutputBindingInitRequest request, ServerCall call) =>
        calls.InitAsync<OutputBindingInitResponse>(Service, request.Metadata, call);

    private static ValueTask<ListOperationsResponse> ListOperationsAsync(ListOperationsRequest request, ServerCall call) =>
        ValueTask.FromResult(new ListOperationsResponse { Operations = { Operations } });

    private ValueTask<PingResponse> PingAsync(PingRequest request, ServerCall call) => calls.PingAsync(Service, call);

    private ValueTask<InvokeResponse> InvokeAsync(InvokeRequest request, ServerCall call) =>
        calls.UnaryAsync(Service, call, async use =>
        {
            if (!Operations.Contains(request.Operation))
                throw Limits.Invalid("operation", request.Operation, "one of " + string.Join(", ", Operations));
            var message = await new BoundPublish(use.Engine, use.Instance.Options).PublishAsync(request, call.Cancelled);
            return new InvokeResponse { Data = UnsafeByteOperations.UnsafeWrap(Answer(message)), ContentType = "application/json" };
        });

    private static ReadOnlyMemory<byte> Answer(Published message)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("outcome", "OK");
            json.WriteStartArray("emitted");
            json.WriteStartObject();
            json.WriteString("id", message.Id);
            json.WriteBoolean("duplicate", message.Duplicate);
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteString("position", message.Position);
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }
}
