using System.Globalization;
using Darq.Component.Host;
using Darq.Protos;
using Google.Protobuf;
using Grpc.Core;

namespace Darq.Benchmarks.Floor;

/// <summary>A state store: a dictionary under a lock. An etag is the number of the write that made the value.</summary>
internal sealed class StateFloor : StateStore.StateStoreBase
{
    private readonly Lock _lock = new();

    // Both under the lock.
    private readonly Dictionary<string, Value> _values = [];
    private long _writes;

    public IEnumerable<ServedService> Served =>
        [new(StateStore.Descriptor, binder => StateStore.BindService(binder, this)), new Transactions(this).Served];

    public override Task<InitResponse> Init(InitRequest request, ServerCallContext context) => Task.FromResult(new InitResponse());

    public override Task<FeaturesResponse> Features(FeaturesRequest request, ServerCallContext context) =>
        Task.FromResult(new FeaturesResponse { Features = { "ETAG", "TRANSACTIONAL" } });

    public override Task<PingResponse> Ping(PingRequest request, ServerCallContext context) => Task.FromResult(new PingResponse());

    public override Task<GetResponse> Get(GetRequest request, ServerCallContext context)
    {
        lock (_lock)
        {
            return Task.FromResult(
                _values.TryGetValue(request.Key, out var value)
                    ? new GetResponse { Data = value.Data, Etag = value.Etag }
                    : new GetResponse()
            );
        }
    }

    public override Task<BulkGetResponse> BulkGet(BulkGetRequest request, ServerCallContext context)
    {
        var response = new BulkGetResponse();
        lock (_lock)
        {
            foreach (var item in request.Items)
            {
                response.Items.Add(
                    _values.TryGetValue(item.Key, out var value)
                        ? new BulkStateItem
                        {
                            Key = item.Key,
                            Data = value.Data,
                            Etag = value.Etag,
                        }
                        : new BulkStateItem { Key = item.Key }
                );
            }
        }

        return Task.FromResult(response);
    }

    public override Task<SetResponse> Set(SetRequest request, ServerCallContext context)
    {
        Apply([new TransactionalStateOperation { Set = request }]);
        return Task.FromResult(new SetResponse());
    }

    public override Task<DeleteResponse> Delete(DeleteRequest request, ServerCallContext context)
    {
        Apply([new TransactionalStateOperation { Delete = request }]);
        return Task.FromResult(new DeleteResponse());
    }

    /// <summary>All operations, or none if one has the etag of another value than there is.</summary>
    private void Apply(IReadOnlyList<TransactionalStateOperation> operations)
    {
        lock (_lock)
        {
            foreach (var operation in operations)
            {
                if (operation.Set is { } set)
                {
                    Check(set.Key, set.Etag);
                }
                else
                {
                    Check(operation.Delete.Key, operation.Delete.Etag);
                }
            }

            foreach (var operation in operations)
            {
                if (operation.Set is { } set)
                {
                    _values[set.Key] = new(set.Value, (++_writes).ToString(CultureInfo.InvariantCulture));
                }
                else
                {
                    _values.Remove(operation.Delete.Key);
                }
            }
        }
    }

    private void Check(string key, Etag? etag)
    {
        if (etag is not null && (!_values.TryGetValue(key, out var value) || value.Number != etag.Value))
        {
            throw new RpcException(new Status(StatusCode.FailedPrecondition, $"'{etag.Value}' is not the etag of {key}"));
        }
    }

    private readonly record struct Value(ByteString Data, string Number)
    {
        public Etag Etag => new() { Value = Number };
    }

    private sealed class Transactions(StateFloor floor) : TransactionalStateStore.TransactionalStateStoreBase
    {
        public ServedService Served => new(TransactionalStateStore.Descriptor, binder => TransactionalStateStore.BindService(binder, this));

        public override Task<TransactionalStateResponse> Transact(TransactionalStateRequest request, ServerCallContext context)
        {
            floor.Apply(request.Operations);
            return Task.FromResult(new TransactionalStateResponse());
        }
    }
}
