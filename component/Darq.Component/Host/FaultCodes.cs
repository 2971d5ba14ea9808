using Darq.Engine.Core;
using Grpc.Core;

namespace Darq.Component.Host;

/// <summary>The gRPC code of each error; the simulated sidecar of Darq.Testing has the same file.</summary>
internal static class FaultCodes
{
    public static StatusCode Of(ErrorCode code) =>
        code switch
        {
            ErrorCode.Invalid or ErrorCode.InvalidEtag or ErrorCode.TooLarge => StatusCode.InvalidArgument,
            ErrorCode.NotYet => StatusCode.Unimplemented,
            ErrorCode.Unavailable => StatusCode.Unavailable,
            ErrorCode.Misconfigured or ErrorCode.Broken or ErrorCode.CrossPartition => StatusCode.FailedPrecondition,
            ErrorCode.Full => StatusCode.ResourceExhausted,
            ErrorCode.Fenced or ErrorCode.Stale or ErrorCode.Conflict => StatusCode.Aborted,
            _ => StatusCode.Internal,
        };
}
