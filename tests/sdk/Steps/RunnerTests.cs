using Darq.Tests.Sdk.Fixtures;
using Xunit;

namespace Darq.Tests.Sdk.Steps;

/// <summary>When a handler runs, what is sent, and how often.</summary>
public sealed class RunnerTests : IDisposable
{
    private readonly TestServices _sdk = new(options => options.CommitTimeout = TimeSpan.FromSeconds(5));

    private FakeSidecar Sidecar => _sdk.Sidecar;

    [Fact]
    public async Task A_step_that_does_nothing_still_consumes_its_message()
    {
        var result = await _sdk.RunAsync(_ => { });

        Assert.Equal(StepOutcome.Applied, result.Outcome);
        Assert.Equal(["+darq-step=0@"], Sidecar.Transactions.Single().Written);
    }

    [Fact]
    public async Task Messages_are_emitted_with_the_step()
    {
        await _sdk.RunAsync(step =>
        {
            step.Emit("paid", new { Id = 7 }, key: "ann", id: "p-7", timeToLive: TimeSpan.FromMinutes(1));
            step.Emit("log", "x");
        });

        Assert.Equal(
            """[{"topic":"paid","data":{"id":7},"key":"ann","id":"p-7","ttlInSeconds":60},{"topic":"log","data":"x"}]""",
            Sidecar.Transactions.Single().Metadata["darq.emit"]
        );
    }

    [Fact]
    public async Task A_handler_that_throws_sends_nothing()
    {
        await Assert.ThrowsAsync<TimeZoneNotFoundException>(() =>
            _sdk.RunAsync(step =>
            {
                step.State.Set("a", 1);
                throw new TimeZoneNotFoundException();
            })
        );

        Assert.Empty(Sidecar.Transactions);
    }

    [Fact]
    public async Task After_a_conflict_the_handler_runs_again_on_fresh_state()
    {
        Sidecar.Put("a", "1");
        Sidecar.TransactionFailures.Enqueue(FakeSidecar.Conflict);
        var runs = 0;

        var result = await _sdk.RunAsync(
            async step =>
            {
                var read = await step.State.Get<int>("a");
                if (++runs == 1)
                {
                    Sidecar.Put("a", "10");
                }

                step.State.Set("a", read + 1);
            },
            TestContext.Current.CancellationToken
        );

        Assert.Equal((StepOutcome.Applied, 2), (result.Outcome, runs));
        Assert.Equal(["+a=11@1-2"], Sidecar.Transactions[1].Written);
    }

    [Fact]
    public async Task A_conflict_that_does_not_end_is_the_result_after_its_time()
    {
        var start = _sdk.Time.GetUtcNow();
        for (var i = 0; i < 1000; i++)
        {
            Sidecar.TransactionFailures.Enqueue(FakeSidecar.Conflict);
        }

        var result = await _sdk.RunAsync(_ => { });

        Assert.Equal(StepOutcome.Conflict, result.Outcome);
        Assert.InRange(_sdk.Time.GetUtcNow() - start, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(12));
        Assert.InRange(Sidecar.Transactions.Count, 20, 100);
    }

    [Fact]
    public async Task An_unknown_outcome_is_asked_for_by_the_same_request_and_never_by_the_handler()
    {
        Sidecar.TransactionFailures.Enqueue("Unavailable desc = UNAVAILABLE: no answer");
        Sidecar.TransactionFailures.Enqueue("Unavailable desc = UNAVAILABLE: no answer");
        var runs = 0;

        var result = await _sdk.RunAsync(step => step.State.Set("run", ++runs));

        Assert.Equal(StepOutcome.Applied, result.Outcome);
        Assert.Equal(["+run=1@", "+run=1@", "+run=1@"], Sidecar.Transactions.SelectMany(sent => sent.Written));
    }

    [Fact]
    public async Task An_outcome_that_stays_unknown_is_the_result_after_its_time()
    {
        for (var i = 0; i < 100; i++)
        {
            Sidecar.TransactionFailures.Enqueue("Unavailable desc = UNAVAILABLE: no answer");
        }

        var result = await _sdk.RunAsync(_ => { });

        Assert.Equal(StepOutcome.Unknown, result.Outcome);
        Assert.InRange(Sidecar.Transactions.Count, 4, 10);
    }

    [Theory]
    [InlineData("Aborted desc = FENCED: x", StepOutcome.Fenced)]
    [InlineData("Aborted desc = STALE: x", StepOutcome.Stale)]
    [InlineData("ResourceExhausted desc = FULL: x", StepOutcome.Full)]
    public async Task Any_other_outcome_is_the_result_at_once(string failure, StepOutcome outcome)
    {
        Sidecar.TransactionFailures.Enqueue(failure);

        Assert.Equal(outcome, (await _sdk.RunAsync(_ => { })).Outcome);
        Assert.Single(Sidecar.Transactions);
    }

    [Fact]
    public async Task A_step_that_is_over_says_so()
    {
        Step? kept = null;
        await _sdk.RunAsync(step => kept = step);

        var late = Assert.Throws<InvalidOperationException>(() => kept!.Emit("paid", 1));
        Assert.StartsWith("The message m-1 of topic orders is over", late.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => kept!.State.Set("a", 1));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await kept!.State.Get<int>("a"));
    }

    [Fact]
    public async Task A_handler_whose_caller_went_away_sends_nothing()
    {
        using var gone = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _sdk.RunAsync(_ => gone.CancelAsync(), gone.Token));

        Assert.Empty(Sidecar.Transactions);
    }

    [Fact]
    public async Task A_store_that_knows_no_steps_is_found_out_before_the_handler_runs()
    {
        Sidecar.KnowsSteps = false;

        var refused = await Assert.ThrowsAsync<StepException>(() => _sdk.RunAsync(_ => Assert.Fail("it ran")));

        Assert.Equal(StepOutcome.Refused, refused.Outcome);
        Assert.Contains("accepted: the name of a component of type state.darq", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("probe", "The state store ledger (Darq:StateStore) did not tell whether it takes steps: The question got no answer")]
    [InlineData("step", "The binding work (Darq:Binding) did not tell whether it takes steps: Its step got no answer")]
    [InlineData("read", "The binding work (Darq:Binding) did not tell whether it takes steps: The read of the state darq-probe-")]
    public async Task A_store_that_does_not_answer_is_not_asked_for_ever(string call, string text)
    {
        using var sdk = new TestServices(options => options.Binding = "work");
        sdk.Sidecar.Hanging.Add(call);
        var run = sdk.StartAsync(_ => Assert.Fail("it ran"));
        sdk.Time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(run.IsCompleted);

        sdk.Time.Advance(TimeSpan.FromSeconds(1));

        var failed = await Assert.ThrowsAsync<StepException>(() => run);
        Assert.Equal(StepOutcome.Unknown, failed.Outcome);
        Assert.StartsWith(text, failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_step_with_a_name_has_it_for_an_id()
    {
        var outcome = await _sdk.InTimeAsync(
            _sdk.Client.RunStepAsync("open-ann", step => Task.FromResult(step.IdempotencyKey), TestContext.Current.CancellationToken)
        );

        Assert.Equal(StepOutcome.Applied, outcome);
        Assert.Equal(
            ("open-ann", false),
            (Sidecar.Transactions[0].Metadata["darq.id"], Sidecar.Transactions[0].Metadata.ContainsKey("darq.token"))
        );
    }

    [Fact]
    public async Task A_process_that_was_paused_beyond_its_time_asks_once_more()
    {
        Sidecar.TransactionFailures.Enqueue("Unavailable desc = UNAVAILABLE: no answer");
        var run = _sdk.StartAsync(_ => { });

        _sdk.Time.Advance(TimeSpan.FromMinutes(1));
        var result = await run;

        Assert.Equal((StepOutcome.Applied, 2), (result.Outcome, Sidecar.Transactions.Count));
    }

    public void Dispose() => _sdk.Dispose();
}
