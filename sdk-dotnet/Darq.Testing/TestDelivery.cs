namespace Darq.Testing;

/// <summary>A message that was handed to the app, and what came of it.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="MessageId">The id of the message, the same at each attempt.</param>
/// <param name="Attempt">1 for the first attempt; rises with each that failed.</param>
/// <param name="Succeeded">Whether the app answered that it is done with the message.</param>
/// <param name="Outcome">Status and body of the app's answer, what its handler threw, or where its process died.</param>
public sealed record TestDelivery(string Topic, string MessageId, int Attempt, bool Succeeded, string Outcome)
{
    /// <summary>All of it in a line.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => $"{Topic} {MessageId}, attempt {Attempt}: {Outcome}";
}
