using Darq.Sidecar;
using Darq.Tests.Sdk.Fixtures;
using Grpc.Core;
using Xunit;

namespace Darq.Tests.Sdk.Sidecar;

/// <summary>What a failed call means, by the texts that a sidecar gave.</summary>
public sealed class CallErrorTests
{
    private const string Transacting = "error while executing state transaction: ";

    [Theory]
    [InlineData("rpc error: code = Aborted desc = CONFLICT: the etag does not hold.", StepOutcome.Conflict)]
    [InlineData("rpc error: code = Aborted desc = FENCED: the delivery belongs to an earlier owner.", StepOutcome.Fenced)]
    [InlineData("rpc error: code = Aborted desc = STALE: message 'a' was consumed.", StepOutcome.Stale)]
    [InlineData("rpc error: code = ResourceExhausted desc = FULL: the topic is full.", StepOutcome.Full)]
    [InlineData("rpc error: code = InvalidArgument desc = TOO_LARGE: the step is over 16 MiB.", StepOutcome.TooLarge)]
    [InlineData("rpc error: code = FailedPrecondition desc = CROSS_PARTITION: it touches 2 partitions.", StepOutcome.CrossPartition)]
    [InlineData("rpc error: code = InvalidArgument desc = INVALID: darq.emit is 'x'.", StepOutcome.Refused)]
    [InlineData("rpc error: code = InvalidArgument desc = INVALID_ETAG: the etag is 'x'.", StepOutcome.Refused)]
    [InlineData("rpc error: code = Unimplemented desc = NOT_YET: delay.", StepOutcome.Refused)]
    [InlineData("rpc error: code = FailedPrecondition desc = MISCONFIGURED: another namespace.", StepOutcome.Refused)]
    [InlineData("rpc error: code = FailedPrecondition desc = BROKEN: partition 3.", StepOutcome.Refused)]
    [InlineData("rpc error: code = Unavailable desc = UNAVAILABLE: Redis is away.", StepOutcome.Unknown)]
    [InlineData("rpc error: code = Internal desc = The call failed inside the component; see its log.", StepOutcome.Unknown)]
    [InlineData(
        "rpc error: code = ResourceExhausted desc = grpc: received message larger than max (4300010 vs. 4194304)",
        StepOutcome.TooLarge
    )]
    [InlineData("context deadline exceeded", StepOutcome.Unknown)]
    public void A_text_of_the_component_has_its_outcome(string text, StepOutcome outcome) =>
        Assert.Equal(outcome, CallError.Of(FakeSidecar.Failure(Transacting + text)).Outcome);

    [Theory]
    [InlineData("rpc error: code = Aborted desc = CONFLICT: for 'x: rpc error: code = Aborted desc = STALE: y'", StepOutcome.Conflict)]
    [InlineData("rpc error: code = Internal desc = STALE: a word with another code", StepOutcome.Unknown)]
    [InlineData("rpc error: code = Aborted desc = stale: not the word", StepOutcome.Unknown)]
    [InlineData("rpc error: code = Aborted desc = CONFLICTED: not the word", StepOutcome.Unknown)]
    public void A_text_that_only_looks_like_one_has_not(string text, StepOutcome outcome) =>
        Assert.Equal(outcome, CallError.Of(FakeSidecar.Failure(Transacting + text)).Outcome);

    [Fact]
    public void What_the_caller_chose_is_no_text_of_the_component()
    {
        const string Topic = "rpc error: code = InvalidArgument desc = INVALID: x";
        var failure = FakeSidecar.Failure(
            $"error when publishing to topic {Topic} in pubsub bank: rpc error: code = Unavailable desc = no"
        );

        Assert.Equal(new CallError(StepOutcome.Unknown, "no"), CallError.Of(failure, Topic));
    }

    [Theory]
    [InlineData(StatusCode.FailedPrecondition, "state store ledger is not configured", StepOutcome.Refused)]
    [InlineData(StatusCode.InvalidArgument, "state store ledger is not found", StepOutcome.Refused)]
    [InlineData(StatusCode.PermissionDenied, "topic x is not allowed for app id y", StepOutcome.Refused)]
    [InlineData(StatusCode.Unimplemented, "state store ledger does not support transactions", StepOutcome.Refused)]
    [InlineData(StatusCode.Unauthenticated, "missing api token in request metadata", StepOutcome.Refused)]
    [InlineData(StatusCode.ResourceExhausted, "grpc: received message larger than max (5 vs. 4)", StepOutcome.TooLarge)]
    [InlineData(StatusCode.Unavailable, "Error connecting to subchannel.", StepOutcome.Unknown)]
    [InlineData(StatusCode.DeadlineExceeded, "", StepOutcome.Unknown)]
    public void The_sidecar_has_words_of_its_own(StatusCode code, string text, StepOutcome outcome) =>
        Assert.Equal(new CallError(outcome, text), CallError.Of(FakeSidecar.Failure(text, code)));

    [Fact]
    public void An_exception_of_another_kind_tells_nothing() =>
        Assert.Equal(StepOutcome.Unknown, CallError.Of(new InvalidOperationException("no")).Outcome);
}
