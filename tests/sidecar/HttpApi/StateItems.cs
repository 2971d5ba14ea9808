using System.Text.Json;
using Darq.Protos;
using Darq.Sidecar.Events;
using Darq.Sidecar.Operations;

namespace Darq.Sidecar.HttpApi;

/// <summary>Reads the items of state requests; metadata of the query replaces that of an item.</summary>
internal static class StateItems
{
    public static StateItem Of(JsonElement item, string outerKey, Dictionary<string, string> queryMetadata)
    {
        var options = item.Field("options") ?? default;
        return new(outerKey)
        {
            Json = item.Field("value"),
            ContentType = item.Text("contentType"),
            Etag = item.OptionalText("etag"),
            Options = Options(options.Text("concurrency"), options.Text("consistency")),
            Metadata = item.Map("metadata").With(queryMetadata),
        };
    }

    public static StateOptions Options(string concurrency, string consistency) =>
        new()
        {
            Concurrency = concurrency switch
            {
                "first-write" => StateOptions.Types.StateConcurrency.ConcurrencyFirstWrite,
                "last-write" => StateOptions.Types.StateConcurrency.ConcurrencyLastWrite,
                _ => StateOptions.Types.StateConcurrency.ConcurrencyUnspecified,
            },
            Consistency = Consistency(consistency),
        };

    public static StateOptions.Types.StateConsistency Consistency(string consistency) =>
        consistency switch
        {
            "strong" => StateOptions.Types.StateConsistency.ConsistencyStrong,
            "eventual" => StateOptions.Types.StateConsistency.ConsistencyEventual,
            _ => StateOptions.Types.StateConsistency.ConsistencyUnspecified,
        };
}
