using Darq.Sidecar.Events;

namespace Darq.Sidecar.Api;

/// <summary>An answer other than success: the HTTP status, daprd's error code, the text, and the details where daprd gives some.</summary>
internal sealed record ApiError(int Status, string Code, string Message, params IReadOnlyList<string> Details)
{
    public string ToJson()
    {
        var details = Details.Count == 0 ? "" : $",\"details\":[{string.Join(",", Details)}]";
        return $"{{\"errorCode\":{GoJson.Quote(Code)},\"message\":{GoJson.Quote(Message)}{details}}}";
    }
}

/// <summary>The details that daprd attaches to errors, rendered as JSON.</summary>
internal static class ErrorDetail
{
    private const string Type = "\"@type\":\"type.googleapis.com/google.rpc.";

    public static string Resource(string type, string name, string description) =>
        $"{{{Type}ResourceInfo\",\"description\":{GoJson.Quote(description)},\"owner\":\"\",\"resource_name\":{GoJson.Quote(name)},\"resource_type\":{GoJson.Quote(type)}}}";

    public static string Info(string reason, IEnumerable<KeyValuePair<string, string>>? metadata) =>
        $"{{{Type}ErrorInfo\",\"domain\":\"dapr.io\",\"metadata\":{GoJson.Map(metadata)},\"reason\":{GoJson.Quote(reason)}}}";

    public static string BadField(string field, string description) =>
        $"{{{Type}BadRequest\",\"field_violations\":[{{\"field\":{GoJson.Quote(field)},\"description\":{GoJson.Quote(description)}}}]}}";

    public static string Help(string description, string url) =>
        $"{{{Type}Help\",\"links\":[{{\"description\":{GoJson.Quote(description)},\"url\":{GoJson.Quote(url)}}}]}}";
}
