namespace Darq.Sidecar.Events;

/// <summary>The kinds of content that daprd tells apart when it wraps or unwraps an event.</summary>
internal static class ContentTypes
{
    public const string CloudEvent = "application/cloudevents+json";
    public const string Json = "application/json";
    public const string Binary = "application/octet-stream";

    public static bool IsCloudEvent(string type) => Base(type) == CloudEvent;

    public static bool IsBinary(string type) => Base(type) is Binary or "application/cloudevents+protobuf";

    public static bool IsJson(string type) =>
        Base(type) is var plain
        && (
            plain == Json
            || (plain.StartsWith("application/", StringComparison.Ordinal) && plain.EndsWith("+json", StringComparison.Ordinal))
        );

    public static bool IsText(string type) =>
        Base(type) is var plain
        && (
            plain.StartsWith("text/", StringComparison.Ordinal)
            || plain is "application/xml"
            || plain.EndsWith("+xml", StringComparison.Ordinal)
        );

    private static string Base(string type) => type.Split(';')[0].Trim().ToLowerInvariant();
}
