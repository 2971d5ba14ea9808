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
internal readonly record struct StateFailure(int HttpStatus, GrpcCode GrpcCode, string Text)
{
    /// <summary>The status of a component that chose its HTTP status too; gRPC callers get it whole.</summary>
    public GrpcStatus? Kit { get; private init; }

    /// <summary>A failure that the sidecar found itself.</summary>
    public static StateFailure OfSidecar(string text) => new(500, GrpcCode.Internal, text);

    public static StateFailure Of(GrpcStatus status, bool etags)
    {
        if (Detail(status) is { } detail)
        {
            if (OfKit(detail, status) is { } kit)
            {
                return kit;
            }

            if (etags && OfEtag(detail, status) is { } etag)
            {
                return etag;
            }
        }
        return OfSidecar(status.ToString());
    }

    /// <summary>A bulk delete may also fail because it met fewer rows than it was given.</summary>
    public static StateFailure OfBulkDelete(GrpcStatus status) =>
        status.Code == GrpcCode.Internal
        && Detail(status) is { } detail
        && detail.TryUnpack(out ErrorInfo info)
        && info.Metadata.TryGetValue("expected", out var expected)
        && info.Metadata.TryGetValue("affected", out var affected)
            ? OfSidecar($"delete affected only {affected} rows, expected {expected}")
            : Of(status, etags: true);

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

    private static StateFailure? OfEtag(Any detail, GrpcStatus status)
    {
        if (!detail.TryUnpack(out BadRequest request) || request.FieldViolations is not [{ Field: "etag" } violation])
        {
            return null;
        }

        return status.Code switch
        {
            GrpcCode.FailedPrecondition => new(
                409,
                GrpcCode.Aborted,
                "possible etag mismatch. error from state store: " + violation.Description
            ),
            GrpcCode.InvalidArgument => new(400, GrpcCode.InvalidArgument, "invalid etag value: " + violation.Description),
            _ => null,
        };
    }

    private static StateFailure? OfKit(Any detail, GrpcStatus status)
    {
        if (!detail.TryUnpack(out ErrorInfo info) || info.Metadata.GetValueOrDefault("kit_error") != "true")
        {
            return null;
        }

        var code = int.TryParse(info.Metadata.GetValueOrDefault("http_code"), NumberStyles.None, CultureInfo.InvariantCulture, out var http)
            ? http
            : 500;
        return new(code, status.Code, $"api error: code = {status.Code} desc = {status.Message}") { Kit = status };
    }
}
