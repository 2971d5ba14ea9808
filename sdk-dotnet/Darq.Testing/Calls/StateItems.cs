using System.Globalization;
using Dapr.Client.Autogen.Grpc.v1;
using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Engine.State;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Concurrency = Dapr.Client.Autogen.Grpc.v1.StateOptions.Types.StateConcurrency;

namespace Darq.Testing.Calls;

/// <summary>Items of the state API as the engine's operations, and values as answers. All stores are one.</summary>
internal static class StateItems
{
    /// <summary>What a sidecar puts before the keys of an app.</summary>
    public const string Prefix = "app||";

    private const string TtlInSeconds = "ttlInSeconds";

    public static StateKey Key(string key) => new(Prefix + key);

    public static StateOperation Upsert(StateItem item)
    {
        RequestNames.Value.Read(item.Metadata);
        var (etag, firstWrite) = Guard(item.Etag?.Value, ConcurrencyOf(item.Options, item.Metadata));
        return new(StateChange.Upsert, Key(item.Key))
        {
            ETag = etag,
            FirstWrite = firstWrite,
            Value = item.Value.Memory,
            TimeToLive = TimeToLiveOf(item.Metadata),
        };
    }

    public static StateOperation Delete(StateItem item)
    {
        RequestNames.Value.Read(item.Metadata);
        var concurrency = ConcurrencyOf(item.Options, item.Metadata);
        // First-write without an etag means nothing to a delete.
        var (etag, firstWrite) = Guard(
            item.Etag?.Value,
            concurrency == Concurrency.ConcurrencyLastWrite ? concurrency : Concurrency.ConcurrencyUnspecified
        );
        return new(StateChange.Delete, Key(item.Key)) { ETag = etag, FirstWrite = firstWrite };
    }

    public static ByteString DataOf(StateValue value) => ByteString.CopyFrom(value.Data.Span);

    public static void AddExpiry(StateValue value, MapField<string, string> metadata)
    {
        if (value.Expires is { } expires)
        {
            metadata["ttlExpireTime"] = expires.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        }
    }

    private static (string? ETag, bool FirstWrite) Guard(string? etag, Concurrency concurrency) =>
        concurrency == Concurrency.ConcurrencyLastWrite ? (null, false)
        : string.IsNullOrEmpty(etag) ? (null, concurrency == Concurrency.ConcurrencyFirstWrite)
        : etag == StateOperation.AbsentETag ? (null, true)
        : (etag, concurrency == Concurrency.ConcurrencyFirstWrite);

    private static Concurrency ConcurrencyOf(StateOptions? options, MapField<string, string> metadata) =>
        Find(metadata, WireNames.Concurrency) switch
        {
            null => options?.Concurrency ?? Concurrency.ConcurrencyUnspecified,
            StateOperation.FirstWriteWord => Concurrency.ConcurrencyFirstWrite,
            StateOperation.LastWriteWord => Concurrency.ConcurrencyLastWrite,
            var word => throw Limits.Invalid(
                WireNames.Concurrency,
                word,
                $"{StateOperation.FirstWriteWord} or {StateOperation.LastWriteWord}"
            ),
        };

    private static TimeSpan? TimeToLiveOf(MapField<string, string> metadata)
    {
        if (Find(metadata, TtlInSeconds) is not { } text)
        {
            return null;
        }

        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds)
            ? seconds > 0
                ? TimeSpan.FromSeconds(seconds)
                : null
            : throw Limits.Invalid(TtlInSeconds, text, "a whole number of seconds; 0 or less for no time to live");
    }

    private static string? Find(MapField<string, string> metadata, string name) =>
        metadata.FirstOrDefault(pair => pair.Value.Length > 0 && pair.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;
}
