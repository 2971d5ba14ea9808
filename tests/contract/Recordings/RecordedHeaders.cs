using System.Text.Json.Nodes;

namespace Darq.Tests.Contract.Recordings;

/// <summary>Headers as the recordings have them: lower case, without those that say nothing about a sidecar's behaviour.</summary>
internal static class RecordedHeaders
{
    private static readonly HashSet<string> Ignored =
    [
        "user-agent",
        "date",
        "host",
        "accept-encoding",
        "content-length",
        "grpc-accept-encoding",
        "connection",
        "te",
    ];

    // gRPC libraries do not show these to a handler.
    private static readonly HashSet<string> Protocol = ["content-type", "grpc-timeout", "grpc-encoding"];

    public static JsonObject Of(IEnumerable<KeyValuePair<string, string>> headers) => Of(headers, Ignored);

    public static JsonObject OfCall(IEnumerable<KeyValuePair<string, string>> headers) => Of(headers, [.. Ignored, .. Protocol]);

    private static JsonObject Of(IEnumerable<KeyValuePair<string, string>> headers, HashSet<string> ignored)
    {
        var result = new JsonObject();
        foreach (var (name, value) in headers)
        {
            if (name.ToLowerInvariant() is var lower && !ignored.Contains(lower) && !lower.StartsWith(':'))
            {
                result[lower] = value;
            }
        }

        return result;
    }
}
