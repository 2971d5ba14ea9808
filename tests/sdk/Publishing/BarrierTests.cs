using Darq.Tests.Sdk.Fixtures;
using Xunit;

namespace Darq.Tests.Sdk.Publishing;

/// <summary>Barriers of the client and of a step, as the binding answers them.</summary>
public sealed class BarrierTests : IDisposable
{
    private const string Lost =
        """{"outcome":"ROLLED_BACK","worldLine":"9","level":"fsync","positions":["1:2-3"],"message":"1:2-3 is lost"}""";

    private readonly TestServices _sdk = new(options => options.Binding = "steps");

    private FakeSidecar Sidecar => _sdk.Sidecar;

    [Fact]
    public async Task What_is_asked_for_is_what_the_caller_names()
    {
        Assert.True(await _sdk.Client.BarrierAsync(["7:1-2", "8:1-3"], TimeSpan.FromSeconds(2)));
        Assert.True(await _sdk.Client.BarrierAsync());

        Assert.Equal(
            ["""{"positions":["7:1-2","8:1-3"],"timeout":"2000ms"}""", """{"positions":[],"timeout":"5000ms"}"""],
            Sidecar.Barriers
        );
    }

    [Fact]
    public async Task Where_the_level_promises_nothing_that_is_told()
    {
        Sidecar.BarrierAnswer = """{"outcome":"OK","worldLine":"1","level":"reply"}""";

        Assert.False(await _sdk.Client.BarrierAsync());
    }

    [Theory]
    [InlineData(Lost, StepOutcome.RolledBack, "1:2-3 is lost")]
    [InlineData("InvalidArgument desc = INVALID: positions[0] is \"x\"", StepOutcome.Refused, "positions[0] is")]
    [InlineData("{}", StepOutcome.Refused, "is it of type bindings.darq?")]
    public async Task Each_other_answer_is_an_exception(string answer, StepOutcome outcome, string text)
    {
        Sidecar.BarrierAnswer = answer;

        var failure = await Assert.ThrowsAsync<StepException>(() => _sdk.Client.BarrierAsync(["1:2-3"]));

        Assert.Equal(outcome, failure.Outcome);
        Assert.Contains(text, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Unavailable desc = UNAVAILABLE: replicated:1 has not been reached for 3 s")]
    [InlineData("ResourceExhausted desc = FULL: 8,192 requests are waiting")]
    public async Task What_may_pass_is_waited_for_until_the_time_is_over(string answer)
    {
        Sidecar.BarrierAnswer = answer;
        var waiting = _sdk.Client.BarrierAsync(timeout: TimeSpan.FromSeconds(20));

        await Assert.ThrowsAsync<StepException>(() => _sdk.InTimeAsync(waiting));

        Assert.InRange(Sidecar.Barriers.Count, 2, 30);
    }

    [Fact]
    public async Task A_step_waits_on_until_its_level_is_reached()
    {
        Sidecar.BarrierAnswer = "Unavailable desc = UNAVAILABLE: replicated:1 has not been reached for 3 s";
        var running = _sdk.StartAsync(async step => Assert.True(await step.BarrierAsync()));
        for (var i = 0; i < 2000; i++)
        {
            _sdk.Time.Advance(TimeSpan.FromMilliseconds(50));
            await Task.Yield();
        }

        Assert.False(running.IsCompleted);
        Sidecar.BarrierAnswer = """{"outcome":"OK","durable":true,"worldLine":"1","level":"replicated:1"}""";
        Assert.Equal(StepOutcome.Applied, (await _sdk.InTimeAsync(running)).Outcome);
    }

    [Fact]
    public async Task What_was_read_before_a_recovery_is_not_relied_on()
    {
        Sidecar.BarrierAnswer = """{"outcome":"OK","durable":true,"worldLine":"1795996564665","level":"fsync"}""";

        await _sdk.RunAsync(async step => Assert.True(await step.BarrierAsync()));
        var rolledBack = await Assert.ThrowsAsync<StepException>(() =>
            _sdk.RunAsync(async step =>
            {
                await step.State.Get<int>("a");
                await step.BarrierAsync();
            })
        );

        Assert.Equal(StepOutcome.RolledBack, rolledBack.Outcome);
    }

    [Fact]
    public async Task A_call_that_hangs_is_made_again()
    {
        Sidecar.Hanging.Add("barrier");

        var failure = await Assert.ThrowsAsync<StepException>(() =>
            _sdk.InTimeAsync(_sdk.Client.BarrierAsync(timeout: TimeSpan.FromMinutes(2)))
        );

        Assert.Contains("within ", failure.Message, StringComparison.Ordinal);
        Assert.InRange(Sidecar.Barriers.Count, 2, 10);
    }

    [Fact]
    public async Task A_caller_that_gives_up_hears_that()
    {
        Sidecar.Hanging.Add("barrier");
        using var giveUp = new CancellationTokenSource();
        var waiting = _sdk.Client.BarrierAsync(cancellationToken: giveUp.Token);
        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public Task A_timeout_that_is_none_is_refused(int milliseconds) =>
        Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => _sdk.Client.BarrierAsync(timeout: TimeSpan.FromMilliseconds(milliseconds)));

    [Fact]
    public async Task Without_a_binding_the_setting_is_named()
    {
        using var sdk = new TestServices();

        var fault = await Assert.ThrowsAsync<InvalidOperationException>(() => sdk.Client.BarrierAsync());

        Assert.Contains("Darq:Binding", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_step_waits_for_its_own_message()
    {
        await _sdk.RunAsync(async step => Assert.True(await step.BarrierAsync()));

        Assert.Equal(["""{"positions":["3:1795996564664-2"],"timeout":"5000ms"}"""], Sidecar.Barriers);
    }

    [Fact]
    public async Task A_step_that_is_over_waits_for_nothing()
    {
        Step? kept = null;
        await _sdk.RunAsync(step => kept = step);

        await Assert.ThrowsAsync<InvalidOperationException>(() => kept!.BarrierAsync());
        Assert.Empty(Sidecar.Barriers);
    }

    public void Dispose() => _sdk.Dispose();
}
