namespace Darq.Engine.Core;

/// <summary>No reply came: not connected, cut off, or past the deadline. Whether the call was executed is unknown.</summary>
internal sealed class RedisUnavailableException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>A server was reached, and is not yet one that can be used.</summary>
    public bool HasAnswered { get; init; }
}

/// <summary>
/// The server answered with an error; the call wrote nothing. <see cref="Code"/> is the reply's first word, such as OOM or NOPERM.
/// </summary>
internal sealed class RedisRefusedException(string code, string message) : Exception(message)
{
    public string Code { get; } = code;

    /// <summary>
    /// Whether the server cannot serve now and will, or another one will: it starts, fails over, moves data, or lacks its replicas or disk.
    /// </summary>
    public bool IsAway =>
        Code is "LOADING" or "MASTERDOWN" or "READONLY" or "BUSY" or "CLUSTERDOWN" or "TRYAGAIN" or "NOREPLICAS" or "MISCONF";
}
