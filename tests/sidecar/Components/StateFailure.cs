using System.Globalization;
using Darq.Sidecar.Components.Details;
using Darq.Tests.Shared.GrpcClient;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Darq.Sidecar.Components;

/// <summary>
/// How a store's error looks to the app: the HTTP status and the text. Exactly one detail of a known shape makes an error an etag error
/// or one with a status of its own; everything else is 500 with the store's status as text.
/// </summary>
internal readonly record struct StateFailure(int HttpStatus, string Text)
{
    public static StateFailure Of(GrpcStatus status, bool etags)
    {
        if (Detail(status) is { } detail)
        {
            if (Kit(detail, status) is { } kit)
            {
                return kit;
            }

            if (etags && Etag(detail, status) is { } etag)
            {
                return etag;
            }
        }
        return new(500, status.ToString());
    }

    private static Any? Detail(GrpcStatus status)
    {
        if (status.Details is null)
        {
            return null;
        }

        try
        {
            return Status.Parser.ParseFrom(status.Details).Details is [var only] ? only : null;
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }

    private static StateFailure? Etag(Any detail, GrpcStatus status)
    {
        if (!detail.TryUnpack(out BadRequest request) || request.FieldViolations is not [{ Field: "etag" } violation])
        {
            return null;
        }

        return status.Code switch
        {
            GrpcCode.FailedPrecondition => new(409, "possible etag mismatch. error from state store: " + violation.Description),
            GrpcCode.InvalidArgument => new(400, "invalid etag value: " + violation.Description),
            _ => null,
        };
    }

    private static StateFailure? Kit(Any detail, GrpcStatus status)
    {
        if (!detail.TryUnpack(out ErrorInfo info) || info.Metadata.GetValueOrDefault("kit_error") != "true")
        {
            return null;
        }

        var code = int.TryParse(info.Metadata.GetValueOrDefault("http_code"), NumberStyles.None, CultureInfo.InvariantCulture, out var http)
            ? http
            : 500;
        return new(code, $"api error: code = {status.Code} desc = {status.Message}");
    }
}
