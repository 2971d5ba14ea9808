using Darq.Partitions;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Status = Grpc.Core.Status;

namespace Darq.Hosting;

/// <summary>Which kind of call a refusal answers; the sidecar reads some of them differently.</summary>
internal enum CallKind
{
    Plain,

    /// <summary>Init: nothing is missing from the protocol, the file asks for something that is not there.</summary>
    Init,

    /// <summary>Set, Delete and their bulk forms: etag faults have a shape that the sidecar turns into 409 and 400.</summary>
    State,
}

/// <summary>
/// The one translation of refusals into gRPC status. The text starts with the machine word, because the sidecar passes an app
/// nothing but text where it has no code of its own for what happened.
/// </summary>
internal static class Faults
{
    private const string EtagField = "etag";

    public static RpcException ToRpc(DarqException fault, CallKind kind) =>
        (kind, fault.Refusal) switch
        {
            (CallKind.State, Refusal.Conflict) => Etag(StatusCode.FailedPrecondition, fault.Message),
            (CallKind.State, Refusal.InvalidEtag) => Etag(StatusCode.InvalidArgument, fault.Message),
            // For Init, Unimplemented would mean that the service has no such method, and the sidecar reports it as that.
            (CallKind.Init, Refusal.NotYet) => Of(StatusCode.FailedPrecondition, fault.Message),
            _ => Of(CodeOf(fault.Refusal), fault.Message),
        };

    public static RpcException Of(StatusCode code, string text) => new(new Status(code, text));

    private static StatusCode CodeOf(Refusal refusal) =>
        refusal switch
        {
            Refusal.Invalid or Refusal.InvalidEtag or Refusal.TooLarge => StatusCode.InvalidArgument,
            Refusal.NotYet => StatusCode.Unimplemented,
            Refusal.Unavailable => StatusCode.Unavailable,
            Refusal.Misconfigured or Refusal.Broken or Refusal.CrossPartition => StatusCode.FailedPrecondition,
            Refusal.Full => StatusCode.ResourceExhausted,
            Refusal.Fenced or Refusal.Stale or Refusal.Conflict => StatusCode.Aborted,
            _ => StatusCode.Internal,
        };

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
