using System.Globalization;
using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Engine.State;
using Darq.Protos;
using Google.Protobuf;
using Google.Protobuf.Collections;
using StateConcurrency = Darq.Protos.StateOptions.Types.StateConcurrency;

namespace Darq.Component.Components;

/// <summary>
/// Reads the sidecar's state requests into operations and writes values back; shared by single, bulk and transactional calls.
/// </summary>
internal static class StateRequests
{
    private const string TtlInSeconds = "ttlInSeconds";
    private const string TtlExpireTime = "ttlExpireTime";
    private const StateConcurrency Unspecified = StateConcurrency.ConcurrencyUnspecified;
    private const StateConcurrency FirstWrite = StateConcurrency.ConcurrencyFirstWrite;
    private const StateConcurrency LastWrite = StateConcurrency.ConcurrencyLastWrite;

    public static StateKey Key(GetRequest request)
    {
        RequestNames.Value.Read(request.Metadata);
        return new(request.Key);
    }

    public static StateOperation Upsert(SetRequest request, TimeSpan? defaultTimeToLive)
    {
        RequestNames.Value.Read(request.Metadata);
        var (etag, firstWrite) = Guard(request.Etag, Concurrency(request.Options, request.Metadata));
        return new(StateChange.Upsert, new(request.Key))
        {
            ETag = etag,
            FirstWrite = firstWrite,
            Value = request.Value.Memory,
            TimeToLive = TimeToLive(request.Metadata, defaultTimeToLive),
        };
    }

    public static StateOperation Delete(DeleteRequest request)
    {
        RequestNames.Value.Read(request.Metadata);
        // First-write without an etag means nothing to a delete, as in the built-in component.
        var concurrency = Concurrency(request.Options, request.Metadata) == LastWrite ? LastWrite : Unspecified;
        var (etag, firstWrite) = Guard(request.Etag, concurrency);
        return new(StateChange.Delete, new(request.Key)) { ETag = etag, FirstWrite = firstWrite };
    }

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

        Expiry(value, response.Metadata);
        return response;
    }

    public static BulkStateItem ToItem(string key, StateValue value)
    {
        var item = new BulkStateItem { Key = key, Data = Data(value) };
        if (value.ETag is not null)
        {
            item.Etag = new Etag { Value = value.ETag };
        }

        Expiry(value, item.Metadata);
        return item;
    }

    /// <summary>
    /// The etag that the key must have, and whether it must be absent. Last-write ignores the etag, as in the built-in component.
    /// </summary>
    private static (string? ETag, bool FirstWrite) Guard(Etag? etag, StateConcurrency concurrency) =>
        concurrency == LastWrite ? (null, false)
        : string.IsNullOrEmpty(etag?.Value) ? (null, concurrency == FirstWrite)
        : etag.Value == StateOperation.AbsentETag ? (null, true)
        : (etag.Value, concurrency == FirstWrite);

    /// <summary>What the metadata says, for SDKs that have no option; else the option.</summary>
    private static StateConcurrency Concurrency(StateOptions? options, MapField<string, string> metadata) =>
        Find(metadata, WireNames.Concurrency) is not { } word ? options?.Concurrency ?? Unspecified
        : word.Equals(StateOperation.FirstWriteWord, StringComparison.OrdinalIgnoreCase) ? FirstWrite
        : word.Equals(StateOperation.LastWriteWord, StringComparison.OrdinalIgnoreCase) ? LastWrite
        : throw Limits.Invalid(WireNames.Concurrency, word, $"{StateOperation.FirstWriteWord} or {StateOperation.LastWriteWord}");

    /// <summary>The operation's own, else the component's default. Zero or less removes an earlier time to live.</summary>
    private static TimeSpan? TimeToLive(MapField<string, string> metadata, TimeSpan? standard)
    {
        if (Find(metadata, TtlInSeconds) is not { } text)
        {
            return standard;
        }

        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds))
        {
            throw Limits.Invalid(TtlInSeconds, text, "a whole number of seconds; 0 or less for no time to live");
        }

        return seconds > 0 ? TimeSpan.FromSeconds(seconds) : null;
    }

    private static string? Find(MapField<string, string> metadata, string name)
    {
        if (metadata.Count == 0)
        {
            return null;
        }

        if (metadata.TryGetValue(name, out var exact))
        {
            return exact.Length > 0 ? exact : null;
        }

        foreach (var (key, value) in metadata)
        {
            if (value.Length > 0 && key.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return value;
            }
        }

        return null;
    }

    private static ByteString Data(StateValue value) => UnsafeByteOperations.UnsafeWrap(value.Data);

    private static void Expiry(StateValue value, MapField<string, string> metadata)
    {
        if (value.Expires is { } expires)
        {
            metadata[TtlExpireTime] = expires.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        }
    }
}
