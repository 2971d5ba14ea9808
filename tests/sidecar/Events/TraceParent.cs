using System.Diagnostics;

namespace Darq.Sidecar.Events;

/// <summary>W3C trace contexts: daprd opens a span of its own for every call, inside the caller's trace when there is one.</summary>
internal static class TraceParent
{
    /// <summary>A new span in the trace of <paramref name="parent"/>, or in a trace of its own if there is no valid parent.</summary>
    public static string Next(string? parent)
    {
        var span = ActivitySpanId.CreateRandom().ToHexString();
        return IsValid(parent)
            ? string.Concat(parent.AsSpan(0, 36), span, parent.AsSpan(52, 3))
            : $"00-{ActivityTraceId.CreateRandom().ToHexString()}-{span}-01";
    }

    public static bool IsValid(string? text) =>
        text is { Length: 55 } && text.StartsWith("00-", StringComparison.Ordinal) && ActivityContext.TryParse(text, null, out _);
}
