using Darq.Hosting;
using Darq.Partitions;
using Google.Rpc;
using Grpc.Core;
using Xunit;

namespace Darq.Tests.Unit.Hosting;

public sealed class FaultsTests
{
    [Theory]
    [InlineData(nameof(Refusal.Invalid), nameof(StatusCode.InvalidArgument))]
    [InlineData(nameof(Refusal.TooLarge), nameof(StatusCode.InvalidArgument))]
    [InlineData(nameof(Refusal.InvalidEtag), nameof(StatusCode.InvalidArgument))]
    [InlineData(nameof(Refusal.NotYet), nameof(StatusCode.Unimplemented))]
    [InlineData(nameof(Refusal.Unavailable), nameof(StatusCode.Unavailable))]
    [InlineData(nameof(Refusal.Misconfigured), nameof(StatusCode.FailedPrecondition))]
    [InlineData(nameof(Refusal.Broken), nameof(StatusCode.FailedPrecondition))]
    [InlineData(nameof(Refusal.CrossPartition), nameof(StatusCode.FailedPrecondition))]
    [InlineData(nameof(Refusal.Full), nameof(StatusCode.ResourceExhausted))]
    [InlineData(nameof(Refusal.Fenced), nameof(StatusCode.Aborted))]
    [InlineData(nameof(Refusal.Stale), nameof(StatusCode.Aborted))]
    [InlineData(nameof(Refusal.Conflict), nameof(StatusCode.Aborted))]
    public void Each_refusal_has_its_code_and_keeps_its_text(string refusal, string code)
    {
        var status = Faults.ToRpc(new DarqException(Enum.Parse<Refusal>(refusal), "WORD: text"), CallKind.Plain);
        Assert.Equal((code, "WORD: text"), (status.StatusCode.ToString(), status.Status.Detail));
        Assert.Null(status.GetRpcStatus());
    }

    [Fact]
    public void Every_refusal_has_a_code_of_its_own_choice() =>
        Assert.All(Enum.GetValues<Refusal>(), refusal =>
            Assert.NotEqual(StatusCode.Internal, Faults.ToRpc(new DarqException(refusal, "x"), CallKind.Plain).StatusCode)
        );

    [Theory]
    [InlineData(nameof(Refusal.Conflict), nameof(StatusCode.FailedPrecondition))]
    [InlineData(nameof(Refusal.InvalidEtag), nameof(StatusCode.InvalidArgument))]
    public void Etag_faults_of_state_calls_have_exactly_one_violation_named_etag(string refusal, string code)
    {
        var status = Faults.ToRpc(new DarqException(Enum.Parse<Refusal>(refusal), "CONFLICT: text"), CallKind.State);
        Assert.Equal(code, status.StatusCode.ToString());
        var violation = Assert.Single(Assert.Single(status.GetRpcStatus()!.Details).Unpack<BadRequest>().FieldViolations);
        Assert.Equal(("etag", "CONFLICT: text"), (violation.Field, violation.Description));
    }

    [Fact]
    public void Init_never_answers_Unimplemented() =>
        Assert.Equal(StatusCode.FailedPrecondition, Faults.ToRpc(new DarqException(Refusal.NotYet, "x"), CallKind.Init).StatusCode);
}
