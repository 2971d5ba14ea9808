using Dapr.Client.Autogen.Grpc.v1;
using Darq.Engine.Core;
using Darq.Engine.Requests;
using Darq.Engine.State;
using Darq.Testing.Hosting;
using Google.Protobuf;
using Google.Protobuf.Collections;

namespace Darq.Testing.Calls;

/// <summary>Items of the state API as the engine's operations, and values as answers. All stores are one.</summary>
internal static class StateItems
{
    /// <summary>What a sidecar puts between its own prefix and the key of an app.</summary>
    public const string Separator = "||";

    /// <summary>What a sidecar puts before the keys of an app.</summary>
    public const string Prefix = "app" + Separator;

    private static readonly Dictionary<string, string> NoMetadata = [];

    public static StateKey Key(string key) => Key(key, NoMetadata);

    public static StateKey Key(string key, IReadOnlyDictionary<string, string> metadata) =>
        key.Contains(Separator, StringComparison.Ordinal) ? throw CallFault.OfKey(key) : StateRequest.Key(Prefix + key, metadata);

    public static StateOperation Upsert(StateItem item) =>
        StateRequest.Upsert(Key(item.Key), item.Value.Memory, ConditionsOf(item), item.Metadata, defaultTimeToLive: null);

    public static StateOperation Delete(StateItem item) => StateRequest.Delete(Key(item.Key), ConditionsOf(item), item.Metadata);

    public static AckLevel? AckOf(StateOptions.Types.StateConsistency consistency) =>
        consistency switch
        {
            StateOptions.Types.StateConsistency.ConsistencyStrong => AckLevel.Durable,
            StateOptions.Types.StateConsistency.ConsistencyEventual => AckLevel.Speculative,
            _ => null,
        };

    public static ByteString DataOf(StateValue value) => ByteString.CopyFrom(value.Data.Span);

    public static void AddMetadata(string key, StateValue value, MapField<string, string> metadata) =>
        StateRequest.AddMetadata(Key(key), value, ComponentProcess.Namespace.Partitions, metadata);

    private static StateConditions ConditionsOf(StateItem item) =>
        new(item.Etag?.Value, ConcurrencyOf(item.Options), AckOf(item.Options?.Consistency ?? default));

    private static StateConcurrency ConcurrencyOf(StateOptions? options) =>
        options?.Concurrency switch
        {
            StateOptions.Types.StateConcurrency.ConcurrencyFirstWrite => StateConcurrency.FirstWrite,
            StateOptions.Types.StateConcurrency.ConcurrencyLastWrite => StateConcurrency.LastWrite,
            _ => StateConcurrency.Unspecified,
        };
}
