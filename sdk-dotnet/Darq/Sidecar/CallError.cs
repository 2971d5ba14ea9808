using Dapr;
using Grpc.Core;

namespace Darq.Sidecar;

/// <summary>What the sidecar or the component said to a call that failed: its outcome and its text.</summary>
internal readonly record struct CallError(StepOutcome Outcome, string Text)
{
    // The sidecar passes a component's status on as text: "<what it did>: rpc error: code = Aborted desc = CONFLICT: …".
    private const string CodeMark = "rpc error: code = ";
    private const string TextMark = " desc = ";

    /// <summary>Reads it from an exception of the sidecar's client.</summary>
    /// <param name="failure">The exception.</param>
    /// <param name="names">What the caller itself chose and the sidecar repeats in front of the component's text.</param>
    public static CallError Of(Exception failure, string names = "")
    {
        if (StatusOf(failure) is not { } status)
        {
            return new CallError(StepOutcome.Unknown, failure.Message);
        }

        // Only the first mark is the sidecar's; the component's text quotes keys and ids, which may look like one.
        var from = status.Detail.IndexOf(names, StringComparison.Ordinal);
        var code = status.Detail.IndexOf(CodeMark, from < 0 ? 0 : from + names.Length, StringComparison.Ordinal);
        var text = code < 0 ? -1 : status.Detail.IndexOf(TextMark, code, StringComparison.Ordinal);
        if (text < 0)
        {
            return new CallError(OfSidecar(status.StatusCode), status.Detail);
        }

        var said = status.Detail[(text + TextMark.Length)..];
        return new CallError(OfComponent(status.Detail[(code + CodeMark.Length)..text], said), said);
    }

    /// <summary>The outcome that a word of the component stands for; unknown where the word is.</summary>
    public static StepOutcome OfWord(string word) =>
        word switch
        {
            "OK" => StepOutcome.Applied,
            "DUPLICATE" => StepOutcome.Duplicate,
            "FENCED" => StepOutcome.Fenced,
            "STALE" => StepOutcome.Stale,
            "CONFLICT" => StepOutcome.Conflict,
            "FULL" => StepOutcome.Full,
            "TOO_LARGE" => StepOutcome.TooLarge,
            "CROSS_PARTITION" => StepOutcome.CrossPartition,
            "ROLLED_BACK" => StepOutcome.RolledBack,
            "INVALID" or "INVALID_ETAG" or "NOT_YET" or "MISCONFIGURED" or "BROKEN" => StepOutcome.Refused,
            _ => StepOutcome.Unknown,
        };

    /// <summary>A word counts only with the code that the component gives it.</summary>
    private static StepOutcome OfComponent(string code, string text)
    {
        if (text.StartsWith("grpc: received message larger than max", StringComparison.Ordinal))
        {
            return StepOutcome.TooLarge;
        }

        var end = text.IndexOf(':', StringComparison.Ordinal);
        var outcome = OfWord(end < 0 ? text : text[..end]);
        var expected = outcome switch
        {
            StepOutcome.Fenced or StepOutcome.Stale or StepOutcome.Conflict => code == "Aborted",
            StepOutcome.Full => code == "ResourceExhausted",
            StepOutcome.TooLarge => code == "InvalidArgument",
            StepOutcome.CrossPartition => code == "FailedPrecondition",
            StepOutcome.Refused => code is "InvalidArgument" or "FailedPrecondition" or "Unimplemented",
            _ => false,
        };
        return expected ? outcome : StepOutcome.Unknown;
    }

    /// <summary>The sidecar's own words: a component, operation or right that is missing, or a request over its limit.</summary>
    private static StepOutcome OfSidecar(StatusCode code) =>
        code switch
        {
            StatusCode.InvalidArgument
            or StatusCode.FailedPrecondition
            or StatusCode.NotFound
            or StatusCode.PermissionDenied
            or StatusCode.Unauthenticated
            or StatusCode.Unimplemented => StepOutcome.Refused,
            StatusCode.ResourceExhausted => StepOutcome.TooLarge,
            _ => StepOutcome.Unknown,
        };

    private static Status? StatusOf(Exception? failure) =>
        failure switch
        {
            RpcException call => call.Status,
            DaprException wrapped => StatusOf(wrapped.InnerException),
            _ => null,
        };
}
