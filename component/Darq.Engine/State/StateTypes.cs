using Darq.Engine.Core;

namespace Darq.Engine.State;

/// <summary>A key as the sidecar names it.</summary>
internal readonly record struct StateKey(string Key);

/// <summary>The value of a key. A missing key has no etag, an existing one always has.</summary>
internal readonly record struct StateValue(ReadOnlyMemory<byte> Data, string? ETag, DateTimeOffset? Expires)
{
    /// <summary>Whether it was durable when it was read; null where that is not known.</summary>
    public bool? Durable { get; init; }
}

internal enum StateChange
{
    Upsert,
    Delete,
}

/// <summary>
/// One operation on one key. An etag of null or "" asks for no comparison; <see cref="FirstWrite"/> without one asks that the key be
/// absent.
/// </summary>
internal sealed record StateOperation(StateChange Change, StateKey Key)
{
    /// <summary>In the place of an etag: the key must be absent. For SDKs that cannot say first-write.</summary>
    public const string AbsentETag = "absent";

    public const string FirstWriteWord = "first-write";
    public const string LastWriteWord = "last-write";

    public ReadOnlyMemory<byte> Value { get; init; }

    public string? ETag { get; init; }

    public bool FirstWrite { get; init; }

    /// <summary>When its caller wants to be answered; null where it does not say.</summary>
    public AckLevel? Ack { get; init; }

    /// <summary>Time to live of an upsert; null keeps the value until it is overwritten or deleted.</summary>
    public TimeSpan? TimeToLive { get; init; }
}
