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

    public static StateOperation Upsert(SetRequest request, TimeSpan? defaultTimeToLive) =>
        StateRequest.Upsert(
            new(request.Key),
            request.Value.Memory,
            (request.Etag?.Value, Concurrency(request.Options)),
            request.Metadata,
            defaultTimeToLive
        );

    public static StateOperation Delete(DeleteRequest request) =>
        StateRequest.Delete(new(request.Key), (request.Etag?.Value, Concurrency(request.Options)), request.Metadata);

    /// <summary>
    /// A missing key has neither bytes nor an etag; one that exists with no bytes has an etag, by which callers tell the two apart.
    /// </summary>
    public static GetResponse ToResponse(StateValue value)
    {
        var response = new GetResponse { Data = Data(value) };
        if (value.ETag is not null)
        {
            response.Etag = new Etag { Value = value.ETag };
        }

        StateRequest.AddExpiry(value, response.Metadata);
        return response;
    }

    public static BulkStateItem ToItem(string key, StateValue value)
    {
        var item = new BulkStateItem { Key = key, Data = Data(value) };
        if (value.ETag is not null)
        {
            item.Etag = new Etag { Value = value.ETag };
        }

        StateRequest.AddExpiry(value, item.Metadata);
        return item;
    }

    private static StateConcurrency Concurrency(StateOptions? options) =>
        options?.Concurrency switch
        {
            StateOptions.Types.StateConcurrency.ConcurrencyFirstWrite => StateConcurrency.FirstWrite,
            StateOptions.Types.StateConcurrency.ConcurrencyLastWrite => StateConcurrency.LastWrite,
            _ => StateConcurrency.Unspecified,
        };

    private static ByteString Data(StateValue value) => UnsafeByteOperations.UnsafeWrap(value.Data);
}
