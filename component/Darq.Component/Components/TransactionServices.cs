using Darq.Component.Configuration;
using Darq.Component.Host;
using Darq.Engine.Core;
using Darq.Engine.State;
using Darq.Protos;
using Grpc.Core;

namespace Darq.Component.Components;

/// <summary>
/// The services TransactionalStateStore, TransactionalStoreMultiMaxSize and QueriableStateStore. The sidecar never discovers them: it
/// calls the first two for any state store with the feature TRANSACTIONAL, and the last for any at all, which only says that it is not
/// served. They work on the instances of StateStore.
/// </summary>
internal sealed class TransactionServices(Calls calls) : TransactionalStateStore.TransactionalStateStoreBase
{
    private const ComponentService Service = ComponentService.StateStore;

    public IReadOnlyList<ServedService> Served =>
        [
            new(TransactionalStateStore.Descriptor, binder => TransactionalStateStore.BindService(binder, this)),
            new(TransactionalStoreMultiMaxSize.Descriptor, binder => TransactionalStoreMultiMaxSize.BindService(binder, new MaxSize())),
            new(QueriableStateStore.Descriptor, binder => QueriableStateStore.BindService(binder, new NoQueries())),
        ];

    /// <summary>
    /// A transaction, or a step if its metadata names one. The answer is empty by contract, and a conflict has no etag detail here: the
    /// sidecar forwards the text, which starts with the outcome.
    /// </summary>
    public override async Task<TransactionalStateResponse> Transact(TransactionalStateRequest request, ServerCallContext context)
    {
        await using var use = await calls.UseAsync(Service, context);
        var operations = new StateOperation[request.Operations.Count];
        for (var i = 0; i < operations.Length; i++)
        {
            operations[i] = StateRequests.Of(request.Operations[i], use.Instance.Options.DefaultTimeToLive);
        }

        await use.Engine.StepExecutor.TransactAsync(operations, request.Metadata, context.CancellationToken);
        return new TransactionalStateResponse();
    }

    private sealed class NoQueries : QueriableStateStore.QueriableStateStoreBase
    {
        public override Task<QueryResponse> Query(QueryRequest request, ServerCallContext context) =>
            throw Faults.Of(
                StatusCode.Unimplemented,
                "NOT_SERVED: state.darq does not answer queries. Keep a list of keys as a value of its own, written in the same "
                    + "transaction, and read the keys with a bulk get."
            );
    }

    private sealed class MaxSize : TransactionalStoreMultiMaxSize.TransactionalStoreMultiMaxSizeBase
    {
        public override Task<MultiMaxSizeResponse> MultiMaxSize(MultiMaxSizeRequest request, ServerCallContext context) =>
            Task.FromResult(new MultiMaxSizeResponse { MaxSize = Limits.MaxOperations });
    }
}
