using Darq.Engine.Core;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Status = Grpc.Core.Status;

namespace Darq.Component.Host;

/// <summary>The kind of call that an error answers; the sidecar reads some of them differently.</summary>
internal enum CallKind
{
    Plain,

    /// <summary>Init: NotYet concerns a setting, not a method.</summary>
    Init,

    /// <summary>Set, Delete and their bulk forms: etag faults have a shape that the sidecar turns into 409 and 400.</summary>
    State,
}

/// <summary>
/// Translates errors into gRPC status, in this one place. The text starts with the error's word, because the sidecar forwards only
/// the text where it has no code of its own.
/// </summary>
internal static class Faults
{
    private const string EtagField = "etag";

    public static RpcException ToRpc(DarqException fault, CallKind kind) =>
        (kind, fault.Code) switch
        {
            (CallKind.State, ErrorCode.Conflict) => Etag(StatusCode.FailedPrecondition, fault.Message),
            (CallKind.State, ErrorCode.InvalidEtag) => Etag(StatusCode.InvalidArgument, fault.Message),
            // For Init, Unimplemented would mean that the service has no such method, and the sidecar reports it as that.
            (CallKind.Init, ErrorCode.NotYet) => Of(StatusCode.FailedPrecondition, fault.Message),
            _ => Of(FaultCodes.Of(fault.Code), fault.Message),
        };

    public static RpcException Of(StatusCode code, string text) => new(new Status(code, text));

    /// <summary>Exactly one detail with exactly one violation, or the sidecar does not recognise it and answers 500.</summary>
    private static RpcException Etag(StatusCode code, string text)
    {
        var violation = new BadRequest.Types.FieldViolation { Field = EtagField, Description = text };
        var detail = Any.Pack(new BadRequest { FieldViolations = { violation } });
        return new Google.Rpc.Status
        {
            Code = (int)code,
            Message = text,
            Details = { detail },
        }.ToRpcException();
    }
}
