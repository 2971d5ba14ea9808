using Darq.Protos;
using Darq.Sidecar.Components;
using Darq.Tests.Shared.GrpcClient;

namespace Darq.Sidecar.Operations;

/// <summary>State transactions, with the events of stores that have an outbox. Everything throws <see cref="ApiException"/>.</summary>
internal sealed class StateTransactions(StateStores stores, Outboxes outboxes)
{
    public StateComponent Find(string name)
    {
        var store = stores.Find(name);
        return store.IsTransactional ? store : throw new ApiException(StateErrors.NoTransactions(name));
    }

    /// <summary>Whether an operation of this type is a write; a type other than the two is an error.</summary>
    public static bool IsUpsert(string type) =>
        type switch
        {
            "upsert" => true,
            "delete" => false,
            _ => throw new ApiException(StateErrors.UnknownOperation(type)),
        };

    public async Task RunAsync(
        StateComponent store,
        IReadOnlyList<StateOperation> operations,
        IEnumerable<KeyValuePair<string, string>> metadata,
        CallTrace trace,
        CancellationToken cancellation
    )
    {
        if (await store.MaxOperationsAsync(cancellation) is > 0 and var limit && operations.Count > limit)
        {
            throw new ApiException(StateErrors.TooManyOperations(store.Name, operations.Count, limit));
        }

        // The rows that stand for the events count neither for the caller nor for the limit.
        var markers = await outboxes.PublishAsync(store, operations, trace, cancellation);
        try
        {
            var request = new TransactionalStateRequest();
            request.Operations.Add(operations.Concat(markers).Select(operation => operation.ToMessage()));
            request.Metadata.Set(metadata);
            await store.TransactAsync(request, cancellation);
        }
        catch (NilValueException fault)
        {
            throw new ApiException(StateErrors.Transaction(fault.Message));
        }
        catch (GrpcCallException fault)
        {
            throw new ApiException(StateErrors.Transaction(StateFailure.Of(fault.Status, etags: false).Text));
        }
    }
}
