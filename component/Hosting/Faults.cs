using Darq.Grpc;
using Darq.Grpc.Contract;
using Darq.Partitions;

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

    /// <summary>What a call is refused with that needs no shape of its own; null for what is no refusal.</summary>
    public static RpcException? Translate(Exception fault) => fault is DarqException refused ? ToRpc(refused, CallKind.Plain) : null;

    public static RpcException ToRpc(DarqException fault, CallKind kind) => (kind, fault.Refusal) switch
    {
        (CallKind.State, Refusal.Conflict) => Etag(StatusCode.FailedPrecondition, fault.Message),
        (CallKind.State, Refusal.InvalidEtag) => Etag(StatusCode.InvalidArgument, fault.Message),
        // For Init, Unimplemented would mean that the service has no such method, and the sidecar reports it as that.
        (CallKind.Init, Refusal.NotYet) => new RpcException(StatusCode.FailedPrecondition, fault.Message),
        _ => new RpcException(CodeOf(fault.Refusal), fault.Message),
    };

    private static StatusCode CodeOf(Refusal refusal) => refusal switch
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
    private static RpcException Etag(StatusCode code, string text) =>
        new(code, text, new BadRequest { FieldViolations = { new BadRequest.Types.FieldViolation { Field = EtagField, Description = text } } });
}
