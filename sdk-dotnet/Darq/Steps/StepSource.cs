namespace Darq.Steps;

/// <summary>What a step comes of: a delivery, or a name that the caller gave it.</summary>
/// <param name="Token">Names the delivery that the step consumes; null for a step with a name.</param>
/// <param name="Id">The message's id, or the name of the step.</param>
internal sealed record StepSource(string? Token, string Id)
{
    private static readonly Dictionary<string, string> NoHeaders = [];

    public string Topic { get; init; } = "";

    public string IdempotencyKey { get; init; } = Id;

    public int Attempt { get; init; } = 1;

    public IReadOnlyDictionary<string, string> Headers { get; init; } = NoHeaders;

    /// <summary>After that the component counts the attempt as failed.</summary>
    public TimeSpan ProcessingTimeout { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>For messages to people.</summary>
    public override string ToString() => Token is null ? $"step {Id}" : $"message {Id} of topic {Topic}";
}
