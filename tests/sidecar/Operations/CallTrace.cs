using Darq.Sidecar.Events;

namespace Darq.Sidecar.Operations;

/// <summary>
/// The trace of a call. The span is the sidecar's own. <see cref="Parent"/> is that span if the caller sent a trace, else empty: without a
/// tracing configuration daprd tells nobody of its own traces.
/// </summary>
internal readonly record struct CallTrace(string Span, string Parent, string State)
{
    public static CallTrace Of(string? callersParent, string? callersState)
    {
        var span = TraceParent.Next(callersParent);
        return new(span, TraceParent.IsValid(callersParent) ? span : "", callersState ?? "");
    }
}
