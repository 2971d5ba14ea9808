using Darq.Sidecar.Components.Details;
using Darq.Sidecar.Events;
using Google.Protobuf;

namespace Darq.Sidecar.Operations;

/// <summary>
/// One of the details that daprd attaches to errors: a message over gRPC, JSON over HTTP. The JSON tells a map that is empty from one that
/// is not there, which the message cannot.
/// </summary>
internal sealed record ErrorDetail(IMessage Message, string Json)
{
    private const string Type = "\"@type\":\"type.googleapis.com/google.rpc.";

    public static ErrorDetail Resource(string type, string name, string description) =>
        new(
            new ResourceInfo
            {
                ResourceType = type,
                ResourceName = name,
                Description = description,
            },
            $"{{{Type}ResourceInfo\",\"description\":{GoJson.Quote(description)},\"owner\":\"\","
                + $"\"resource_name\":{GoJson.Quote(name)},\"resource_type\":{GoJson.Quote(type)}}}"
        );

    public static ErrorDetail Info(string reason, Dictionary<string, string>? metadata)
    {
        var info = new ErrorInfo { Reason = reason, Domain = "dapr.io" };
        info.Metadata.Add(metadata ?? []);
        return new(
            info,
            $"{{{Type}ErrorInfo\",\"domain\":\"dapr.io\",\"metadata\":{GoJson.Map(metadata)},\"reason\":{GoJson.Quote(reason)}}}"
        );
    }

    /// <summary>A violation of the request; daprd does not always name the field.</summary>
    public static ErrorDetail BadField(string field, string description)
    {
        var name = field.Length == 0 ? "" : $"\"field\":{GoJson.Quote(field)},";
        return new(
            new BadRequest
            {
                FieldViolations =
                {
                    new FieldViolation { Field = field, Description = description },
                },
            },
            $"{{{Type}BadRequest\",\"field_violations\":[{{{name}\"description\":{GoJson.Quote(description)}}}]}}"
        );
    }

    public static ErrorDetail Help(string description, string url) =>
        new(
            new Help
            {
                Links =
                {
                    new HelpLink { Description = description, Url = url },
                },
            },
            $"{{{Type}Help\",\"links\":[{{\"description\":{GoJson.Quote(description)},\"url\":{GoJson.Quote(url)}}}]}}"
        );
}
