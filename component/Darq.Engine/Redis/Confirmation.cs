namespace Darq.Engine.Redis;

/// <summary>What one round on the watermark's connection brought.</summary>
/// <param name="Tick">What the tick answered: the server's replication id, or a code.</param>
/// <param name="Replicas">How many replicas have the tick.</param>
/// <param name="IsOneConnection">
/// Whether the connection and the process at its other end were the same at the end as at the tick. Otherwise the wait was not for the
/// tick: on a connection that wrote nothing it ends at once.
/// </param>
internal readonly record struct Confirmation(string Tick, int Replicas, bool IsOneConnection);
