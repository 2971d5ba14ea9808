using System.Text.RegularExpressions;
using Darq.Tests.Shared.GrpcClient;
using Google.Rpc;

namespace Darq.Tests.Contract.Replays;

/// <summary>The form of answers and deliveries that a sidecar understands (an error of another form is a 500 without a reason).</summary>
internal static partial class AnswerForm
{
    private static readonly GrpcCode[] Codes =
    [
        GrpcCode.InvalidArgument,
        GrpcCode.FailedPrecondition,
        GrpcCode.ResourceExhausted,
        GrpcCode.Unavailable,
        GrpcCode.Unimplemented,
    ];

    private static readonly string[] WithEtag = ["StateStore/Set", "StateStore/Delete", "StateStore/BulkSet", "StateStore/BulkDelete"];

    /// <summary>What is wrong with an error that the component answered, or null.</summary>
    public static string? Fault(string call, GrpcStatus status)
    {
        if (!Codes.Contains(status.Code))
        {
            return "its code means nothing to a sidecar";
        }

        // The gRPC library itself answers for a service that is not served.
        if (status.Code != GrpcCode.Unimplemented && !Word().IsMatch(status.Message))
        {
            return "its text does not begin with a word for what happened";
        }

        return status.Details is null || (WithEtag.Contains(call) && IsEtag(status))
            ? null
            : "its details have another form than an etag's";
    }

    /// <summary>What is wrong with a delivery, or null.</summary>
    public static string? Fault(ReplayedStream stream, ReplayedDelivery delivery) =>
        delivery.Topic != stream.Topic ? $"it names the topic {delivery.Topic}"
        : delivery.Metadata.FirstOrDefault(entry => !Name().IsMatch(entry.Key) || !Value().IsMatch(entry.Value)) is { Key: { } name }
            ? $"the metadata {name} is no HTTP header"
        : null;

    private static bool IsEtag(GrpcStatus status)
    {
        var details = Google.Rpc.Status.Parser.ParseFrom(status.Details).Details;
        return details.Count == 1
            && details[0].TryUnpack<BadRequest>(out var request)
            && request.FieldViolations.Count == 1
            && request.FieldViolations[0].Field == "etag";
    }

    [GeneratedRegex("^[A-Z_]+: .")]
    private static partial Regex Word();

    [GeneratedRegex("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")]
    private static partial Regex Name();

    [GeneratedRegex("^[ -~]*$")]
    private static partial Regex Value();
}
