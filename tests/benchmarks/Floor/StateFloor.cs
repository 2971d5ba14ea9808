using System.Collections.Concurrent;
using Darq.Component.Host;
using Darq.Protos;
using Google.Protobuf;
using Grpc.Core;

namespace Darq.Benchmarks.Floor;

/// <summary>A state store: a dictionary. It knows neither etags nor atomicity.</summary>
internal sealed class StateFloor : StateStore.StateStoreBase
{
    private readonly ConcurrentDictionary<string, ByteString> _values = new();

    public IEnumerable<ServedService> Served =>
        [new(StateStore.Descriptor, binder => StateStore.BindService(binder, this)), new Transactions(this).Served];

    public override Task<InitResponse> Init(InitRequest request, ServerCallContext context) => Task.FromResult(new InitResponse());

    public override Task<FeaturesResponse> Features(FeaturesRequest request, ServerCallContext context) =>
        Task.FromResult(new FeaturesResponse { Features = { "TRANSACTIONAL" } });

    public override Task<PingResponse> Ping(PingRequest request, ServerCallContext context) => Task.FromResult(new PingResponse());

    public override Task<GetResponse> Get(GetRequest request, ServerCallContext context) =>
        Task.FromResult(new GetResponse { Data = _values.GetValueOrDefault(request.Key, ByteString.Empty) });

    public override Task<SetResponse> Set(SetRequest request, ServerCallContext context)
    {
        _values[request.Key] = request.Value;
        return Task.FromResult(new SetResponse());
    }

    public override Task<DeleteResponse> Delete(DeleteRequest request, ServerCallContext context)
    {
        _values.TryRemove(request.Key, out _);
        return Task.FromResult(new DeleteResponse());
    }

    private sealed class Transactions(StateFloor floor) : TransactionalStateStore.TransactionalStateStoreBase
    {
        public ServedService Served =>
            new(TransactionalStateStore.Descriptor, binder => TransactionalStateStore.BindService(binder, this));

        public override Task<TransactionalStateResponse> Transact(TransactionalStateRequest request, ServerCallContext context)
        {
            foreach (var operation in request.Operations)
            {
                if (operation.Set is { } set)
                {
                    floor._values[set.Key] = set.Value;
                }
                else
                {
                    floor._values.TryRemove(operation.Delete.Key, out _);
                }
            }

            return Task.FromResult(new TransactionalStateResponse());
        }
    }
}
