namespace Darq.Component.Dapr;

/// <summary>
/// What the text of a sidecar's error says. It has no other class of errors, and its wording is no contract: a text that is not known
/// here is an ordinary failure.
/// </summary>
internal static class NackText
{
    /// <summary>Of a binding's message that the sidecar does not pass to the app, because it is closing.</summary>
    private const string Closed = "input binding is closed";

    // Before the error of the call to an HTTP app.
    private static readonly string[] HttpCalls = ["error returned from app channel", "error invoking app"];

    // How that error ends when the connection to the app was refused, or ended before the app answered.
    private static readonly string[] TransportEnds = ["connection refused", "connection reset by peer", "EOF"];

    /// <summary>How the status of a call to an app on gRPC is shown; what follows may be the app's own text.</summary>
    private const string GrpcStatus = "rpc error: code = ";

    /// <summary>
    /// Whether the call never reached the app. Any status from an app, also its own UNAVAILABLE of gRPC, proves that it is there.
    /// </summary>
    public static bool IsAppGone(string text) =>
        text == Closed
        || text.Contains("code = Unavailable desc = connection error", StringComparison.Ordinal)
        || !text.Contains(GrpcStatus, StringComparison.Ordinal)
            && Array.Exists(HttpCalls, call => text.StartsWith(call, StringComparison.Ordinal))
            && Array.Exists(TransportEnds, end => text.EndsWith(end, StringComparison.Ordinal));
}
