namespace Darq.Steps;

/// <summary>What a step does to a key.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">Its new value as JSON; null deletes it.</param>
/// <param name="TimeToLive">In seconds; null for ever.</param>
internal sealed record StateWrite(string Key, byte[]? Value, int? TimeToLive)
{
    /// <summary>What the key must have as etag; null where it was not read.</summary>
    public string? ETag { get; init; }
}

/// <summary>A key that was read and is not written, and may not have changed.</summary>
internal sealed record StateRead(string Key, string ETag);

/// <summary>A message that a step publishes.</summary>
internal sealed record EmittedMessage(string Topic, byte[] Data, string? Key, string? Id, int? TimeToLive);

/// <summary>All that a step asks for.</summary>
internal sealed record StepChanges(IReadOnlyList<StateWrite> Writes, IReadOnlyList<StateRead> Reads, IReadOnlyList<EmittedMessage> Emits);
