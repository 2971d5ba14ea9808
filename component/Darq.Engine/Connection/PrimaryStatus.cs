namespace Darq.Engine.Connection;

/// <summary>Whether a primary serves calls.</summary>
/// <param name="Namespace">Whose it is.</param>
/// <param name="Address">Of its Redis.</param>
/// <param name="Why">Why it serves none; null where it serves them.</param>
/// <param name="ReadyFor">For how long it has done so.</param>
internal sealed record PrimaryStatus(string Namespace, string Address, string? Why, TimeSpan ReadyFor);
