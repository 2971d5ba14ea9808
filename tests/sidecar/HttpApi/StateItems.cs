using System.Text.Json;
using Darq.Protos;
using Darq.Sidecar.Components;
using Darq.Sidecar.Events;
using Darq.Sidecar.Operations;
using Google.Protobuf;
using Google.Protobuf.Collections;

namespace Darq.Sidecar.HttpApi;

/// <summary>Turns the items of state requests into the component's messages.</summary>
internal static class StateItems
{
    /// <summary>Throws <see cref="NilValueException"/> for a value that is absent or null.</summary>
    public static SetRequest Set(JsonElement item, KeyPrefix keys, Dictionary<string, string> queryMetadata)
    {
        if (item.Field("value") is not { } value)
        {
            throw new NilValueException();
        }

        var request = new SetRequest
        {
            Key = keys.Outer(item.Text("key")),
            Value = UnsafeByteOperations.UnsafeWrap(GoJson.Write(value, GoNumbers.Floats)),
            Options = Options(
                item.Field("options") is { } options ? options.Text("concurrency") : "",
                item.Field("options") is { } more ? more.Text("consistency") : ""
            ),
            ContentType = item.Text("contentType"),
        };
        if (item.OptionalText("etag") is { } etag)
        {
            request.Etag = new() { Value = etag };
        }

        Merge(request.Metadata, item.Map("metadata"), queryMetadata);
        return request;
    }

    public static DeleteRequest Delete(JsonElement item, KeyPrefix keys, Dictionary<string, string> queryMetadata)
    {
        var request = new DeleteRequest
        {
            Key = keys.Outer(item.Text("key")),
            Options = Options(
                item.Field("options") is { } options ? options.Text("concurrency") : "",
                item.Field("options") is { } more ? more.Text("consistency") : ""
            ),
        };
        if (item.OptionalText("etag") is { } etag)
        {
            request.Etag = new() { Value = etag };
        }

        Merge(request.Metadata, item.Map("metadata"), queryMetadata);
        return request;
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

    private static void Merge(MapField<string, string> target, Dictionary<string, string> own, Dictionary<string, string> query)
    {
        foreach (var (key, value) in own)
        {
            target[key] = value;
        }

        foreach (var (key, value) in query)
        {
            target[key] = value;
        }
    }
}

/// <summary>An upsert without a value, which the sidecar refuses before the component sees anything.</summary>
internal sealed class NilValueException() : Exception(StateErrors.NilValue);
