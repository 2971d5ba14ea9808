using Darq.Sidecar.Events;
using Grpc.Core;

namespace Darq.Sidecar.GrpcApi;

/// <summary>
/// The trace of a gRPC call. <see cref="Parent"/> is empty unless the caller sent one: without a tracing configuration daprd tells nobody
/// of its own traces.
/// </summary>
internal readonly record struct CallTrace(string Span, string Parent, string State)
{
    public static CallTrace Of(ServerCallContext context)
    {
        var callers = context.RequestHeaders.GetValue("traceparent");
        var span = TraceParent.Next(callers);
        return new(span, TraceParent.IsValid(callers) ? span : "", context.RequestHeaders.GetValue("tracestate") ?? "");
    }
}
