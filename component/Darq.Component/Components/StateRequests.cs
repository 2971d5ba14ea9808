using Darq.Engine.Core;
using Darq.Engine.Requests;
using Darq.Engine.State;
using Darq.Protos;
using Google.Protobuf;

namespace Darq.Component.Components;

/// <summary>
/// Reads the sidecar's state requests into operations and writes values back; shared by single, bulk and transactional calls.
/// </summary>
internal static class StateRequests
{
    public static StateKey Key(GetRequest request) => StateRequest.Key(request.Key, request.Metadata);

    /// <summary>When a read wants to be answered; null where it does not say.</summary>
    public static AckLevel? Ack(GetRequest request) => StateRequest.Ack(request.Metadata, Ack(request.Consistency));

    public static StateOperation Upsert(SetRequest request, TimeSpan? defaultTimeToLive) =>
        StateRequest.Upsert(
            new(request.Key),
            request.Value.Memory,
            Conditions(request.Etag, request.Options),
            request.Metadata,
            defaultTimeToLive
        );

    public static StateOperation Delete(DeleteRequest request) =>
        StateRequest.Delete(new(request.Key), Conditions(request.Etag, request.Options), request.Metadata);

    /// <summary>An operation of a transaction; its consistency counts for the transaction as a whole.</summary>
    public static StateOperation Of(TransactionalStateOperation operation, TimeSpan? defaultTimeToLive)
    {
        switch (operation.RequestCase)
        {
            case TransactionalStateOperation.RequestOneofCase.Set:
                StateRequest.CheckOperation(operation.Set.Metadata);
                return Upsert(operation.Set, defaultTimeToLive);
            case TransactionalStateOperation.RequestOneofCase.Delete:
                StateRequest.CheckOperation(operation.Delete.Metadata);
                return Delete(operation.Delete);
            default:
                throw new DarqException(ErrorCode.Invalid, "INVALID: an operation of the transaction is neither set nor delete.");
        }
    }

    /// <summary>
    /// A missing key has neither bytes nor an etag; one that exists with no bytes has an etag, by which callers tell the two apart.
    /// </summary>
    public static GetResponse ToResponse(StateKey key, StateValue value, int partitions)
    {
        var response = new GetResponse { Data = Data(value) };
        if (value.ETag is not null)
        {
            response.Etag = new Etag { Value = value.ETag };
        }

        StateRequest.AddMetadata(key, value, partitions, response.Metadata);
        return response;
    }

    public static BulkStateItem ToItem(StateKey key, StateValue value, int partitions)
    {
        var item = new BulkStateItem { Key = key.Key, Data = Data(value) };
        if (value.ETag is not null)
        {
            item.Etag = new Etag { Value = value.ETag };
        }

        StateRequest.AddMetadata(key, value, partitions, item.Metadata);
        return item;
    }

    private static StateConditions Conditions(Etag? etag, StateOptions? options) =>
        new(etag?.Value, Concurrency(options), Ack(options?.Consistency ?? default));

    private static AckLevel? Ack(StateOptions.Types.StateConsistency consistency) =>
        consistency switch
        {
            StateOptions.Types.StateConsistency.ConsistencyStrong => AckLevel.Durable,
            StateOptions.Types.StateConsistency.ConsistencyEventual => AckLevel.Speculative,
            _ => null,
        };

    private static StateConcurrency Concurrency(StateOptions? options) =>
        options?.Concurrency switch
        {
            StateOptions.Types.StateConcurrency.ConcurrencyFirstWrite => StateConcurrency.FirstWrite,
            StateOptions.Types.StateConcurrency.ConcurrencyLastWrite => StateConcurrency.LastWrite,
            _ => StateConcurrency.Unspecified,
        };

    private static ByteString Data(StateValue value) => UnsafeByteOperations.UnsafeWrap(value.Data);
}
