namespace Darq.Tests.Shared.GrpcClient;

/// <summary>The sixteen gRPC status codes and OK, spelled as Go spells them, because daprd's error texts carry those names.</summary>
internal enum GrpcCode
{
    OK,
    Canceled,
    Unknown,
    InvalidArgument,
    DeadlineExceeded,
    NotFound,
    AlreadyExists,
    PermissionDenied,
    ResourceExhausted,
    FailedPrecondition,
    Aborted,
    OutOfRange,
    Unimplemented,
    Internal,
    Unavailable,
    DataLoss,
    Unauthenticated,
}

/// <summary>
/// How a call ended: its code, its percent-decoded message and the bytes of <c>grpc-status-details-bin</c> when the server sent them.
/// </summary>
internal sealed record GrpcStatus(GrpcCode Code, string Message, byte[]? Details = null)
{
    public static readonly GrpcStatus OK = new(GrpcCode.OK, "");

    public bool IsOK => Code == GrpcCode.OK;

    /// <summary>The text by which Go's gRPC library renders a status, and therefore daprd.</summary>
    public override string ToString() => $"rpc error: code = {Code} desc = {Message}";
}
