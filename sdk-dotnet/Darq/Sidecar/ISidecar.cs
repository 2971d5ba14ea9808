using Dapr.Client;

namespace Darq.Sidecar;

/// <summary>
/// The calls to the app's sidecar, with the names of its components filled in. What they throw is what <see cref="CallError"/> reads;
/// an <see cref="OperationCanceledException"/> where the caller cancelled.
/// </summary>
internal interface ISidecar
{
    /// <summary>The value of a key as it is in Redis now; durable where the level of the app, or else of the component, says so.</summary>
    Task<StoredValue> ReadAsync(string key, CancellationToken cancellationToken);

    /// <summary>The values of several keys, in one call where all of them exist.</summary>
    Task<IReadOnlyDictionary<string, StoredValue>> ReadAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken);

    Task TransactAsync(
        IReadOnlyList<StateTransactionRequest> operations,
        IReadOnlyDictionary<string, string> metadata,
        CancellationToken cancellationToken
    );

    /// <summary>Calls an operation of the binding, and returns its answer.</summary>
    Task<ReadOnlyMemory<byte>> InvokeBindingAsync(
        string operation,
        byte[] data,
        IReadOnlyDictionary<string, string> metadata,
        CancellationToken cancellationToken
    );

    Task PublishAsync(string topic, ReadOnlyMemory<byte> json, Dictionary<string, string> metadata, CancellationToken cancellationToken);

    /// <summary>The names and types of the components that the sidecar has.</summary>
    Task<IReadOnlyList<(string Name, string Type)>> ComponentsAsync(CancellationToken cancellationToken);
}

/// <summary>A value as it was read: its bytes, and the etag that guards it.</summary>
/// <param name="Data">JSON; empty where the key does not exist.</param>
/// <param name="ETag">The etag; <see cref="Absent"/> where the key does not exist.</param>
internal sealed record StoredValue(ReadOnlyMemory<byte> Data, string ETag)
{
    /// <summary>The etag that says "must not exist".</summary>
    public const string Absent = "absent";

    public bool Exists => ETag != Absent;
}
