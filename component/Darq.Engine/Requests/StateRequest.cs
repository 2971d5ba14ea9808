using System.Globalization;
using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Engine.State;

namespace Darq.Engine.Requests;

/// <summary>What a caller of the state API says of writes that meet another value.</summary>
internal enum StateConcurrency
{
    Unspecified,
    FirstWrite,
    LastWrite,
}

/// <summary>
/// What a caller of the state API says of a write beside its value; <see cref="Ack"/> is its consistency, null for unspecified.
/// </summary>
internal readonly record struct StateConditions(string? ETag, StateConcurrency Concurrency, AckLevel? Ack);

/// <summary>
/// One write of the state API with its key, etag and metadata, as an operation; and the metadata that goes back with a value. What the
/// etag and the concurrency mean together is decided here, for all who serve that API.
/// </summary>
internal static class StateRequest
{
    public const string TtlExpireTime = "ttlExpireTime";

    /// <summary>The key of a read. Throws <see cref="DarqException"/> for metadata that is misspelt or out of place.</summary>
    public static StateKey Key(string key, IReadOnlyDictionary<string, string> metadata)
    {
        RequestNames.Value.Read(metadata);
        return new(key);
    }

    /// <summary>
    /// When a read or write wants to be answered: by its metadata, else by its consistency; null where neither says. Throws
    /// <see cref="DarqException"/> for metadata that is wrong.
    /// </summary>
    public static AckLevel? Ack(IReadOnlyDictionary<string, string> metadata, AckLevel? consistency) =>
        RequestAck.Of(RequestNames.Value.Read(metadata)) ?? consistency;

    /// <summary>Throws <see cref="DarqException"/> for metadata that has no place in an operation of a transaction.</summary>
    public static void CheckOperation(IReadOnlyDictionary<string, string> metadata) => RequestNames.Operation.Read(metadata);

    /// <summary>Throws <see cref="DarqException"/> for metadata that is wrong.</summary>
    public static StateOperation Upsert(
        StateKey key,
        ReadOnlyMemory<byte> value,
        StateConditions given,
        IReadOnlyDictionary<string, string> metadata,
        TimeSpan? defaultTimeToLive
    )
    {
        var read = RequestNames.Value.Read(metadata);
        var ack = RequestAck.Of(read) ?? given.Ack;
        var (etag, firstWrite) = Guard(given.ETag, Concurrency(given.Concurrency, read));
        return new(StateChange.Upsert, key)
        {
            ETag = etag,
            FirstWrite = firstWrite,
            Ack = ack,
            Value = value,
            TimeToLive = TimeToLive(read, defaultTimeToLive),
        };
    }

    /// <summary>Throws <see cref="DarqException"/> for metadata that is wrong.</summary>
    public static StateOperation Delete(StateKey key, StateConditions given, IReadOnlyDictionary<string, string> metadata)
    {
        var read = RequestNames.Value.Read(metadata);
        var ack = RequestAck.Of(read) ?? given.Ack;
        // First-write without an etag means nothing to a delete, as in the built-in component.
        var concurrency =
            Concurrency(given.Concurrency, read) == StateConcurrency.LastWrite ? StateConcurrency.LastWrite : StateConcurrency.Unspecified;
        var (etag, firstWrite) = Guard(given.ETag, concurrency);
        return new(StateChange.Delete, key)
        {
            ETag = etag,
            FirstWrite = firstWrite,
            Ack = ack,
        };
    }

    /// <summary>
    /// Adds when a value expires, where it does, and whether it is durable, with its position, where that is known.
    /// </summary>
    public static void AddMetadata(StateKey key, StateValue value, int partitions, IDictionary<string, string> metadata)
    {
        if (value is { Durable: { } durable, ETag: { } etag })
        {
            metadata[WireNames.Durable] = durable ? "true" : "false";
            metadata[WireNames.Position] = $"{PartitionHash.OfState(key.Key, partitions)}:{etag}";
        }

        if (value.Expires is { } expires)
        {
            metadata[TtlExpireTime] = expires.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        }
    }

    /// <summary>
    /// The etag that the key must have, and whether it must be absent. Last-write ignores the etag, as in the built-in component.
    /// </summary>
    private static (string? ETag, bool FirstWrite) Guard(string? etag, StateConcurrency concurrency) =>
        concurrency == StateConcurrency.LastWrite ? (null, false)
        : string.IsNullOrEmpty(etag) ? (null, concurrency == StateConcurrency.FirstWrite)
        : etag == StateOperation.AbsentETag ? (null, true)
        : (etag, concurrency == StateConcurrency.FirstWrite);

    /// <summary>What the metadata says, for SDKs that have no option; else the option.</summary>
    private static StateConcurrency Concurrency(StateConcurrency option, IReadOnlyDictionary<string, string> metadata) =>
        metadata.GetValueOrDefault(WireNames.Concurrency) is not { Length: > 0 } word ? option
        : word.Equals(StateOperation.FirstWriteWord, StringComparison.OrdinalIgnoreCase) ? StateConcurrency.FirstWrite
        : word.Equals(StateOperation.LastWriteWord, StringComparison.OrdinalIgnoreCase) ? StateConcurrency.LastWrite
        : throw Limits.Invalid(WireNames.Concurrency, word, $"{StateOperation.FirstWriteWord} or {StateOperation.LastWriteWord}");

    /// <summary>The operation's own, else the component's default. Zero or less removes an earlier time to live.</summary>
    private static TimeSpan? TimeToLive(IReadOnlyDictionary<string, string> metadata, TimeSpan? standard)
    {
        if (metadata.GetValueOrDefault(WireNames.TtlInSeconds) is not { Length: > 0 } text)
        {
            return standard;
        }

        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds))
        {
            throw Limits.Invalid(WireNames.TtlInSeconds, text, "a whole number of seconds; 0 or less for no time to live");
        }

        return seconds > 0 ? TimeSpan.FromSeconds(seconds) : null;
    }
}
