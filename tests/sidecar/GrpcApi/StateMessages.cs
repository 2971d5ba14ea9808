using Darq.Protos;
using Darq.Sidecar.Components;
using Darq.Sidecar.Events;
using Darq.Sidecar.Operations;
using Google.Protobuf;
using Runtime = Darq.Protos.Runtime;

namespace Darq.Sidecar.GrpcApi;

/// <summary>State between the messages of the API and those of the component, which are alike but not the same.</summary>
internal static class StateMessages
{
    public static StateItem ItemOf(StateComponent store, Runtime.StateItem item) =>
        new(StateStores.OuterKey(store, item.Key))
        {
            Bytes = item.Value,
            Etag = item.Etag?.Value,
            Options = OptionsOf(item.Options),
            Metadata = item.Metadata.With([]),
        };

    /// <summary>An item to save: JSON that is declared as such is read and written anew, with Go's numbers.</summary>
    public static StateItem SavedItemOf(StateComponent store, Runtime.StateItem item)
    {
        if (item.Key.Length == 0)
        {
            throw new ApiException(StateErrors.NoKey());
        }

        var plain = ItemOf(store, item);
        if (plain.Metadata.GetValueOrDefault("contentType") != ContentTypes.Json)
        {
            return plain;
        }

        using var document = GoJson.Parse(item.Value.Memory);
        return plain with { Bytes = UnsafeByteOperations.UnsafeWrap(GoJson.Write(document.RootElement, GoNumbers.Floats)) };
    }

    public static StateOptions OptionsOf(Runtime.StateOptions? options) =>
        new()
        {
            Concurrency = (StateOptions.Types.StateConcurrency)(options?.Concurrency ?? default),
            Consistency = ConsistencyOf(options?.Consistency ?? default),
        };

    public static StateOptions.Types.StateConsistency ConsistencyOf(Runtime.StateOptions.Types.StateConsistency consistency) =>
        (StateOptions.Types.StateConsistency)consistency;

    public static Runtime.BulkStateItem AnswerOf(BulkStateItem item) =>
        new()
        {
            Key = KeyPrefix.Inner(item.Key),
            Data = item.Data,
            Etag = item.Etag?.Value ?? "",
            Error = item.Error,
            Metadata = { item.Metadata },
        };

    public static Runtime.QueryStateItem AnswerOf(QueryItem item) =>
        new()
        {
            Key = KeyPrefix.Inner(item.Key),
            Data = item.Data,
            Etag = item.Etag?.Value ?? "",
            Error = item.Error,
        };
}
