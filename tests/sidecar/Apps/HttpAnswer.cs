namespace Darq.Sidecar.Apps;

/// <summary>What came of a call to an HTTP app: a status and a body, or the reason why there is none, in Go's words.</summary>
internal readonly record struct HttpAnswer(int Status, byte[] Body, string? Failure = null)
{
    public bool IsSuccess => Failure is null && Status is >= 200 and < 300;

    public static HttpAnswer Failed(string reason) => new(0, [], reason);
}
