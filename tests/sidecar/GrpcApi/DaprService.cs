using Darq.Protos;
using Darq.Protos.Runtime;
using Darq.Sidecar.Operations;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using BulkPublishRequest = Darq.Protos.Runtime.BulkPublishRequest;
using BulkPublishResponse = Darq.Protos.Runtime.BulkPublishResponse;
using BulkPublishResponseFailedEntry = Darq.Protos.Runtime.BulkPublishResponseFailedEntry;
using StateItem = Darq.Sidecar.Operations.StateItem;

namespace Darq.Sidecar.GrpcApi;

/// <summary>The service <c>dapr.proto.runtime.v1.Dapr</c>: each method turns its message into one operation and back.</summary>
internal sealed class DaprService(ApiOperations operations, SubscribeCall subscriptions) : Dapr.DaprBase
{
    private static readonly Empty Nothing = new();

    public override async Task<Empty> PublishEvent(PublishEventRequest request, ServerCallContext context)
    {
        var trace = context.Trace();
        var metadata = request.Metadata.With([]);
        operations.Publisher.Find(request.PubsubName, request.Topic);
        if (RawPayload.Read(request.PubsubName, metadata))
        {
            // Only here does a raw payload carry the trace beside it; over HTTP it does not.
            (metadata["traceid"], metadata["tracestate"]) = (trace.Parent, trace.State);
        }

        await operations.Publisher.PublishAsync(
            new(request.PubsubName, request.Topic, request.Data.Memory, request.DataContentType, metadata)
            {
                TraceParent = trace.Parent,
                TraceState = trace.State,
            },
            context.CancellationToken
        );
        return Nothing;
    }

    public override Task<BulkPublishResponse> BulkPublishEventAlpha1(BulkPublishRequest request, ServerCallContext context) =>
        BulkPublishEvent(request, context);

    public override async Task<BulkPublishResponse> BulkPublishEvent(BulkPublishRequest request, ServerCallContext context)
    {
        var (name, topic) = (request.PubsubName, request.Topic);
        var publication = operations.Publisher.Begin(name, topic, request.Metadata.With([]), context.Trace());
        foreach (var entry in request.Entries)
        {
            var own = entry.Metadata.Count > 0 ? entry.Metadata.With([]) : null;
            publication.Add(entry.EntryId, entry.Event.Memory, entry.ContentType, own);
        }

        var result = await publication.PublishAsync(context.CancellationToken);
        if (result.Fault is { } fault)
        {
            throw new ApiException(PubSubErrors.Failed(name, topic, fault.ToString()));
        }

        var answer = new BulkPublishResponse();
        answer.FailedEntries.Add(
            result.Failed.Select(entry => new BulkPublishResponseFailedEntry { EntryId = entry.EntryId, Error = entry.Error })
        );
        return answer;
    }

    public override Task SubscribeTopicEventsAlpha1(
        IAsyncStreamReader<SubscribeTopicEventsRequestAlpha1> requestStream,
        IServerStreamWriter<SubscribeTopicEventsResponseAlpha1> responseStream,
        ServerCallContext context
    ) => subscriptions.ServeAsync(requestStream, responseStream, context.CancellationToken);

    public override async Task<GetStateResponse> GetState(GetStateRequest request, ServerCallContext context)
    {
        var found = await StateStores.GetAsync(
            operations.Stores.Find(request.StoreName),
            request.Key,
            StateMessages.ConsistencyOf(request.Consistency),
            request.Metadata,
            context.CancellationToken
        );
        return new()
        {
            Data = found.Data,
            Etag = found.Etag?.Value ?? "",
            Metadata = { found.Metadata },
        };
    }

    public override async Task<GetBulkStateResponse> GetBulkState(GetBulkStateRequest request, ServerCallContext context)
    {
        var found = await StateStores.GetAsync(
            operations.Stores.Find(request.StoreName),
            request.Keys,
            request.Parallelism,
            request.Metadata,
            context.CancellationToken
        );
        return new() { Items = { found.Select(StateMessages.AnswerOf) } };
    }

    public override async Task<Empty> SaveState(SaveStateRequest request, ServerCallContext context)
    {
        var store = operations.Stores.Find(request.StoreName);
        var items = request.States.Select(item => StateMessages.SavedItemOf(store, item)).ToArray();
        await StateStores.SaveAsync(store, items, context.CancellationToken);
        return Nothing;
    }

    public override async Task<Empty> DeleteState(DeleteStateRequest request, ServerCallContext context)
    {
        var store = operations.Stores.Find(request.StoreName);
        var item = new StateItem(StateStores.OuterKey(store, request.Key))
        {
            Etag = request.Etag?.Value,
            Options = StateMessages.OptionsOf(request.Options),
            Metadata = request.Metadata.With([]),
        };
        await StateStores.DeleteAsync(store, request.Key, item, context.CancellationToken);
        return Nothing;
    }

    public override async Task<Empty> DeleteBulkState(DeleteBulkStateRequest request, ServerCallContext context)
    {
        var store = operations.Stores.Find(request.StoreName);
        var items = request.States.Select(item => StateMessages.ItemOf(store, item)).ToArray();
        await StateStores.DeleteAsync(store, items, context.CancellationToken);
        return Nothing;
    }

    public override async Task<Empty> ExecuteStateTransaction(ExecuteStateTransactionRequest request, ServerCallContext context)
    {
        var store = operations.Transactions.Find(request.StoreName);
        var steps = request
            .Operations.Select(operation =>
            {
                var item = StateMessages.ItemOf(store, operation.Request ?? new());
                return new StateOperation(item, StateTransactions.IsUpsert(operation.OperationType));
            })
            .ToArray();
        await operations.Transactions.RunAsync(store, steps, request.Metadata, context.Trace(), context.CancellationToken);
        return Nothing;
    }

    public override async Task<QueryStateResponse> QueryStateAlpha1(QueryStateRequest request, ServerCallContext context)
    {
        var store = operations.Stores.Find(request.StoreName);
        var query = System.Text.Encoding.UTF8.GetBytes(request.Query);
        var found = await StateStores.QueryAsync(store, query, request.Metadata, context.CancellationToken);
        return new()
        {
            Results = { found.Items.Select(StateMessages.AnswerOf) },
            Token = found.Token,
            Metadata = { found.Metadata },
        };
    }

    public override async Task<InvokeBindingResponse> InvokeBinding(InvokeBindingRequest request, ServerCallContext context)
    {
        var invocation = new InvokeRequest { Operation = request.Operation, Data = request.Data };
        invocation.Metadata.Set(context.ForBinding(request.Metadata));
        var answer = await operations.Bindings.InvokeAsync(request.Name, invocation, context.CancellationToken);
        return new() { Data = answer.Data, Metadata = { answer.Metadata } };
    }

    public override Task<GetMetadataResponse> GetMetadata(GetMetadataRequest request, ServerCallContext context) =>
        Task.FromResult(operations.Metadata.Describe());

    public override Task<Empty> SetMetadata(SetMetadataRequest request, ServerCallContext context)
    {
        operations.Metadata.Set(request.Key, request.Value);
        return Task.FromResult(Nothing);
    }

    public override Task<Empty> Shutdown(ShutdownRequest request, ServerCallContext context)
    {
        operations.Shutdown();
        return Task.FromResult(Nothing);
    }
}
