using Darq.Contract;
using Darq.Grpc;
using Darq.Partitions;
using Darq.State;

namespace Darq.Hosting;

/// <summary>
/// The services TransactionalStateStore and TransactionalStoreMultiMaxSize. The sidecar never discovers them: it calls them for
/// any state store that says TRANSACTIONAL, so they work on the instances of StateStore.
/// </summary>
internal sealed class TransactionServices(Calls calls)
{
    private const ComponentService Service = ComponentService.StateStore;

    public IReadOnlyList<ServiceDefinition> Definitions =>
    [
        new ServiceDefinition(StateReflection.Descriptor.Services.Single(service => service.Name == "TransactionalStateStore"))
            .Unary("Transact", TransactionalStateRequest.Parser, TransactAsync),
        new ServiceDefinition(StateReflection.Descriptor.Services.Single(service => service.Name == "TransactionalStoreMultiMaxSize"))
            .Unary("MultiMaxSize", MultiMaxSizeRequest.Parser, MultiMaxSizeAsync),
    ];

    /// <summary>
    /// A transaction, or a step if its metadata says so. The answer is empty by contract, and a conflict has no etag shape
    /// here: the sidecar passes the text on, which starts with the outcome.
    /// </summary>
    private async ValueTask<TransactionalStateResponse> TransactAsync(TransactionalStateRequest request, ServerCall call)
    {
        await using var use = await calls.UseAsync(Service, call);
        var operations = new StateOperation[request.Operations.Count];
        for (var i = 0; i < operations.Length; i++)
            operations[i] = Read(request.Operations[i], use.Instance.Options.DefaultTimeToLive);
        await use.Engine.Stepper.TransactAsync(operations, request.Metadata, call.Cancelled);
        return new TransactionalStateResponse();
    }

    private static ValueTask<MultiMaxSizeResponse> MultiMaxSizeAsync(MultiMaxSizeRequest request, ServerCall call) =>
        ValueTask.FromResult(new MultiMaxSizeResponse { MaxSize = Limits.MaxOperations });

    private static StateOperation Read(TransactionalStateOperation operation, TimeSpan? defaultTimeToLive) => operation.RequestCase switch
    {
        TransactionalStateOperation.RequestOneofCase.Set => StateRequests.Upsert(operation.Set, defaultTimeToLive),
        TransactionalStateOperation.RequestOneofCase.Delete => StateRequests.Delete(operation.Delete),
        _ => throw new DarqException(Refusal.Invalid, "INVALID: an operation of the transaction is neither set nor delete."),
    };
}
