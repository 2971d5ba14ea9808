using System.Globalization;
using System.Text.Json;
using Darq.Component.Host;
using Darq.Protos;
using Google.Protobuf;
using Grpc.Core;

namespace Darq.Benchmarks.Floor;

/// <summary>Bindings: what is given to the output binding, and what an answer emits, is delivered at once on the input stream.</summary>
internal sealed class BindingFloor
{
    private readonly Outlet<ReadResponse> _outlet = new();
    private long _messages;

    public IEnumerable<ServedService> Served => [new Input(this).Served, new Output(this).Served];

    private void Deliver(ByteString data) =>
        _outlet.Send(
            new ReadResponse
            {
                MessageId = Interlocked.Increment(ref _messages).ToString(CultureInfo.InvariantCulture),
                Data = data,
                ContentType = "application/json",
            }
        );

    private static ByteString? EmittedBy(ReadOnlyMemory<byte> answer)
    {
        if (answer.IsEmpty)
        {
            return null;
        }

        using var document = JsonDocument.Parse(answer);
        return document.RootElement.TryGetProperty("emit", out var emits) ? EventOf(emits[0].GetProperty("data")) : null;
    }

    private static ByteString EventOf(JsonElement data) => ByteString.CopyFromUtf8($"{{\"data\":{data.GetRawText()}}}");

    private sealed class Input(BindingFloor floor) : InputBinding.InputBindingBase
    {
        public ServedService Served => new(InputBinding.Descriptor, binder => InputBinding.BindService(binder, this));

        public override Task<InputBindingInitResponse> Init(InputBindingInitRequest request, ServerCallContext context) =>
            Task.FromResult(new InputBindingInitResponse());

        public override Task<PingResponse> Ping(PingRequest request, ServerCallContext context) => Task.FromResult(new PingResponse());

        public override async Task Read(
            IAsyncStreamReader<ReadRequest> requestStream,
            IServerStreamWriter<ReadResponse> responseStream,
            ServerCallContext context
        )
        {
            floor._outlet.Open(responseStream);
            while (await requestStream.MoveNext(context.CancellationToken))
            {
                if (EmittedBy(requestStream.Current.ResponseData.Memory) is { } data)
                {
                    floor.Deliver(data);
                }
            }
        }
    }

    private sealed class Output(BindingFloor floor) : OutputBinding.OutputBindingBase
    {
        public ServedService Served => new(OutputBinding.Descriptor, binder => OutputBinding.BindService(binder, this));

        public override Task<OutputBindingInitResponse> Init(OutputBindingInitRequest request, ServerCallContext context) =>
            Task.FromResult(new OutputBindingInitResponse());

        public override Task<ListOperationsResponse> ListOperations(ListOperationsRequest request, ServerCallContext context) =>
            Task.FromResult(new ListOperationsResponse { Operations = { "create" } });

        public override Task<PingResponse> Ping(PingRequest request, ServerCallContext context) => Task.FromResult(new PingResponse());

        public override Task<InvokeResponse> Invoke(InvokeRequest request, ServerCallContext context)
        {
            using var document = JsonDocument.Parse(request.Data.Memory);
            floor.Deliver(EventOf(document.RootElement));
            return Task.FromResult(new InvokeResponse());
        }
    }
}
