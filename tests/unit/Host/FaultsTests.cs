using Darq.Component.Host;
using Darq.Engine.Core;
using Google.Rpc;
using Grpc.Core;
using Xunit;

namespace Darq.Tests.Unit.Host;

public sealed class FaultsTests
{
    [Theory]
    [InlineData(nameof(ErrorCode.Invalid), nameof(StatusCode.InvalidArgument))]
    [InlineData(nameof(ErrorCode.TooLarge), nameof(StatusCode.InvalidArgument))]
    [InlineData(nameof(ErrorCode.InvalidEtag), nameof(StatusCode.InvalidArgument))]
    [InlineData(nameof(ErrorCode.NotYet), nameof(StatusCode.Unimplemented))]
    [InlineData(nameof(ErrorCode.Unavailable), nameof(StatusCode.Unavailable))]
    [InlineData(nameof(ErrorCode.Misconfigured), nameof(StatusCode.FailedPrecondition))]
    [InlineData(nameof(ErrorCode.Broken), nameof(StatusCode.FailedPrecondition))]
    [InlineData(nameof(ErrorCode.CrossPartition), nameof(StatusCode.FailedPrecondition))]
    [InlineData(nameof(ErrorCode.Full), nameof(StatusCode.ResourceExhausted))]
    [InlineData(nameof(ErrorCode.Fenced), nameof(StatusCode.Aborted))]
    [InlineData(nameof(ErrorCode.Stale), nameof(StatusCode.Aborted))]
    [InlineData(nameof(ErrorCode.Conflict), nameof(StatusCode.Aborted))]
    public void Each_error_code_has_its_status_and_keeps_its_text(string code, string expected)
    {
        var status = Faults.ToRpc(new DarqException(Enum.Parse<ErrorCode>(code), "WORD: text"), CallKind.Plain);
        Assert.Equal((expected, "WORD: text"), (status.StatusCode.ToString(), status.Status.Detail));
        Assert.Null(status.GetRpcStatus());
    }

    [Fact]
    public void Every_error_code_has_a_status_of_its_own_choice() =>
        Assert.All(
            Enum.GetValues<ErrorCode>(),
            code => Assert.NotEqual(StatusCode.Internal, Faults.ToRpc(new DarqException(code, "x"), CallKind.Plain).StatusCode)
        );

    [Theory]
    [InlineData(nameof(ErrorCode.Conflict), nameof(StatusCode.FailedPrecondition))]
    [InlineData(nameof(ErrorCode.InvalidEtag), nameof(StatusCode.InvalidArgument))]
    public void Etag_faults_of_state_calls_have_exactly_one_violation_named_etag(string code, string expected)
    {
        var status = Faults.ToRpc(new DarqException(Enum.Parse<ErrorCode>(code), "CONFLICT: text"), CallKind.State);
        Assert.Equal(expected, status.StatusCode.ToString());
        var violation = Assert.Single(Assert.Single(status.GetRpcStatus()!.Details).Unpack<BadRequest>().FieldViolations);
        Assert.Equal(("etag", "CONFLICT: text"), (violation.Field, violation.Description));
    }

    [Fact]
    public void Init_never_answers_Unimplemented() =>
        Assert.Equal(StatusCode.FailedPrecondition, Faults.ToRpc(new DarqException(ErrorCode.NotYet, "x"), CallKind.Init).StatusCode);
}
