using Darq.Engine.Core;

namespace Darq.Engine.Redis;

/// <summary>
/// The commands that the component sends to one Redis primary. Only this folder names a client library; the simulator implements
/// the interface with a fake. No method retries: the callers know what is safe to repeat.
/// </summary>
internal interface IRedis : IAsyncDisposable
{
    /// <summary>Where it is, for messages; no secrets.</summary>
    string Address { get; }

    /// <summary>Why the last attempt to connect failed, in a few words; null where none has failed since the last that succeeded.</summary>
    string? WhyAway { get; }

    /// <summary>Whether the connection worked at the last event. Advisory: a call may fail all the same.</summary>
    bool Connected { get; }

    /// <summary>
    /// Raised when <see cref="Connected"/> becomes true again, when another server may have become the primary, and when a call got no
    /// answer. Handlers return at once and do not throw.
    /// </summary>
    event Action? Reconnected;

    /// <summary>
    /// Calls a function of the library. Throws <see cref="RedisRefusedException"/> for an error reply (nothing was
    /// written) and <see cref="RedisUnavailableException"/> when no reply came: then the outcome is unknown.
    /// </summary>
    Task<RedisReply> CallAsync(FunctionCall call, CancellationToken cancellation);

    /// <summary>
    /// Reads the entries of a stream after an id, and the replication id in the partition header, as one transaction.
    /// Throws as <see cref="CallAsync"/> does; safe to repeat.
    /// </summary>
    Task<StreamSlice> ReadAsync(string header, string streamKey, string afterId, int maxCount, CancellationToken cancellation);

    /// <summary>
    /// Receives the messages published on the channels, until disposed. Redis drops such messages at every reconnect, so a
    /// subscriber also polls. The handler gets channel and text, returns at once, does not throw.
    /// </summary>
    Task<IAsyncDisposable> SubscribeAsync(IReadOnlyList<string> channels, Action<string, string> received, CancellationToken cancellation);

    /// <summary>The server's own description: version, role, persistence, eviction policy. Safe to repeat.</summary>
    Task<ServerDescription> DescribeAsync(CancellationToken cancellation);

    /// <summary>
    /// What the server says of its persistence and its replicas, and with <paramref name="askReplicas"/> what these say of theirs. What may
    /// not be asked is unknown. On a connection of its own; throws <see cref="RedisUnavailableException"/>. Safe to repeat.
    /// </summary>
    Task<DurabilityFacts> DescribeDurabilityAsync(bool askReplicas, CancellationToken cancellation);

    /// <summary>
    /// One round of the watermark: calls the tick and waits until so many replicas have it, in memory or with <paramref name="onDisk"/>
    /// on their disks, but no longer than <paramref name="within"/>. On a connection of its own, which it holds up. Throws as
    /// <see cref="CallAsync"/> does; safe to repeat.
    /// </summary>
    Task<Confirmation> ConfirmAsync(FunctionCall tick, int replicas, bool onDisk, TimeSpan within, CancellationToken cancellation);

    /// <summary>
    /// Loads the function library. Without <paramref name="replace"/> a library of that name that is there already stays
    /// and the call succeeds. Safe to repeat.
    /// </summary>
    Task LoadLibraryAsync(string code, bool replace, CancellationToken cancellation);

    /// <summary>
    /// Has the server write its append-only file anew, which it does in the background; what it is sent from now on goes to a file of its
    /// own. False where another child process has to end first. Throws <see cref="RedisRefusedException"/> and
    /// <see cref="RedisUnavailableException"/>. Safe to repeat.
    /// </summary>
    Task<bool> RewriteFileAsync(CancellationToken cancellation);
}

/// <summary>
/// One function call. <paramref name="ReadOnly"/> calls also work on a server that is out of memory. <paramref name="ExtraTime"/> is
/// added to the deadline, for a call that takes long to send and to execute.
/// </summary>
internal readonly record struct FunctionCall(
    string Function,
    string? Key,
    IReadOnlyList<RedisArgument> Arguments,
    bool ReadOnly = false,
    TimeSpan ExtraTime = default
);

/// <summary>The entries of a stream, and the replication id under which they were read (null: the partition has no header yet).</summary>
internal readonly record struct StreamSlice(string? ReplicationId, IReadOnlyList<StreamEntry> Entries)
{
    /// <summary>The reply of the function <c>read</c>.</summary>
    public static StreamSlice Of(RedisReply reply) =>
        new(
            reply.Items[0].IsNothing ? null : reply.Items[0].ToString(),
            [.. reply.Items[1].Items.Select(entry => new StreamEntry(entry.Items[0].ToString(), [.. Fields(entry.Items[1])]))]
        );

    private static IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> Fields(RedisReply pairs) =>
        pairs.Items.Chunk(2).Select(pair => KeyValuePair.Create(pair[0].ToString(), pair[1].Bytes));
}

/// <summary>A stream entry: its id and its fields in order, name and value alternating.</summary>
internal readonly record struct StreamEntry(string Id, IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> Fields);
