using Darq.Sidecar.Components.Details;
using Darq.Sidecar.Events;
using Darq.Tests.Shared.GrpcClient;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Darq.Sidecar.Operations;

/// <summary>
/// An answer other than success, for both APIs: the status of each, daprd's error code, the text, and the details where daprd gives some.
/// </summary>
internal sealed record ApiError(int HttpStatus, GrpcCode GrpcCode, string Code, string Message, params IReadOnlyList<ErrorDetail> Details)
{
    /// <summary>The text over gRPC where that is another one.</summary>
    public string? GrpcMessage { get; init; }

    /// <summary>What a gRPC caller gets instead: a component's own status, handed on whole.</summary>
    public GrpcStatus? ComponentStatus { get; init; }

    public string ToJson()
    {
        var details = Details.Count == 0 ? "" : $",\"details\":[{string.Join(",", Details.Select(detail => detail.Json))}]";
        return $"{{\"errorCode\":{GoJson.Quote(Code)},\"message\":{GoJson.Quote(Message)}{details}}}";
    }

    /// <summary>Over gRPC an error without details of its own still carries its code.</summary>
    public GrpcStatus ToStatus()
    {
        if (ComponentStatus is not null)
        {
            return ComponentStatus;
        }

        IReadOnlyList<ErrorDetail> details = Details.Count > 0 ? Details : [ErrorDetail.Info(Code, [])];
        var text = GrpcMessage ?? Message;
        var status = new Status { Code = (int)GrpcCode, Message = text };
        status.Details.Add(details.Select(detail => Any.Pack(detail.Message)));
        return new(GrpcCode, text, status.ToByteArray());
    }
}

/// <summary>Thrown by an operation that answers with an error; either API shows it in its own form.</summary>
internal sealed class ApiException(ApiError error) : Exception(error.Message)
{
    public ApiError Error { get; } = error;
}
