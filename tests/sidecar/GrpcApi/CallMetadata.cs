using Darq.Sidecar.Operations;
using Grpc.Core;

namespace Darq.Sidecar.GrpcApi;

/// <summary>What comes with a call beside its message.</summary>
internal static class CallMetadata
{
    // Go's server does not show these to a handler, and the token ends where it was asked for.
    private static readonly HashSet<string> Hidden = ["host", "te", "grpc-timeout", "grpc-encoding", "dapr-api-token"];

    public static CallTrace Trace(this ServerCallContext context) =>
        CallTrace.Of(context.RequestHeaders.GetValue("traceparent"), context.RequestHeaders.GetValue("tracestate"));

    /// <summary>
    /// The metadata of a binding call: the request's own, the trace, and the caller's headers, under another name where gRPC reserves
    /// theirs. Headers do not replace what the request has, but for those of the trace.
    /// </summary>
    public static Dictionary<string, string> ForBinding(this ServerCallContext context, IEnumerable<KeyValuePair<string, string>> own)
    {
        var metadata = new Dictionary<string, string>(own);
        metadata.TryAdd("traceparent", context.Trace().Span);
        var request = context.GetHttpContext().Request;
        metadata.TryAdd("dapr-authority", request.Host.Value ?? "");
        foreach (var (name, values) in request.Headers)
        {
            var key = name.ToLowerInvariant();
            if (Hidden.Contains(key) || key.StartsWith(':') || key.EndsWith("-bin", StringComparison.Ordinal))
            {
                continue;
            }

            if (key is "traceparent" or "tracestate" or "baggage")
            {
                metadata[key] = values.ToString();
            }
            else
            {
                metadata.TryAdd(key.StartsWith("grpc-", StringComparison.Ordinal) ? "dapr-" + key : key, values[0] ?? "");
            }
        }

        return metadata;
    }
}
