using Darq.Tests.Sdk.Fixtures;
using Xunit;

namespace Darq.Tests.Sdk.Steps;

/// <summary>More time for a handler, as the binding answers it.</summary>
public sealed class ExtendTests : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);

    private readonly TestServices _sdk = new(options => options.Binding = "steps") { ProcessingTimeout = Timeout };

    private FakeSidecar Sidecar => _sdk.Sidecar;

    [Fact]
    public async Task A_handler_that_extends_has_its_whole_time_once_more()
    {
        var result = await _sdk.StartAsync(async step =>
        {
            for (var i = 0; i < 4; i++)
            {
                _sdk.Time.Advance(0.8 * Timeout);
                await step.ExtendAsync();
            }
        });

        Assert.Equal(StepOutcome.Applied, result.Outcome);
        Assert.Equal(Enumerable.Repeat(TestServices.Token, 4), Sidecar.Extended);
    }

    [Fact]
    public async Task It_has_no_more_than_that() =>
        await Assert.ThrowsAsync<TimeoutException>(() =>
            _sdk.StartAsync(async step =>
            {
                _sdk.Time.Advance(Timeout / 2);
                await step.ExtendAsync();
                _sdk.Time.Advance(Timeout - Tick);
                Assert.False(step.CancellationToken.IsCancellationRequested);
                _sdk.Time.Advance(Tick);
                step.CancellationToken.ThrowIfCancellationRequested();
            })
        );

    [Theory]
    [InlineData("""{"outcome":"STALE"}""", StepOutcome.Stale, "its attempt was over")]
    [InlineData("{}", StepOutcome.Refused, "is it of type bindings.darq?")]
    [InlineData("InvalidArgument desc = INVALID: metadata darq.token is 'x'", StepOutcome.Refused, "darq.token is 'x'")]
    [InlineData("Unavailable desc = UNAVAILABLE: the component stops.", StepOutcome.Unknown, "the component stops")]
    public async Task Each_other_answer_is_an_exception_and_the_time_goes_on(string answer, StepOutcome outcome, string text)
    {
        Sidecar.ExtendAnswer = answer;

        await Assert.ThrowsAsync<TimeoutException>(() =>
            _sdk.StartAsync(async step =>
            {
                _sdk.Time.Advance(Timeout / 2);
                var failure = await Assert.ThrowsAsync<StepException>(step.ExtendAsync);
                Assert.Equal(outcome, failure.Outcome);
                Assert.Contains(text, failure.Message, StringComparison.Ordinal);
                _sdk.Time.Advance(Timeout / 2);
                step.CancellationToken.ThrowIfCancellationRequested();
            })
        );
    }

    [Fact]
    public async Task The_time_begins_with_the_call_because_the_components_may()
    {
        Sidecar.Extending = () => Passes(Timeout / 4);

        await Assert.ThrowsAsync<TimeoutException>(() =>
            _sdk.StartAsync(async step =>
            {
                await step.ExtendAsync();
                _sdk.Time.Advance(0.75 * Timeout - Tick);
                Assert.False(step.CancellationToken.IsCancellationRequested);
                _sdk.Time.Advance(Tick);
                step.CancellationToken.ThrowIfCancellationRequested();
            })
        );
    }

    [Fact]
    public async Task An_answer_after_the_end_of_the_time_gives_none()
    {
        Sidecar.Extending = () => Passes(Timeout);

        await Assert.ThrowsAsync<TimeoutException>(() => _sdk.StartAsync(step => step.ExtendAsync()));
    }

    [Fact]
    public async Task A_call_that_outlives_its_handler_says_so()
    {
        var answer = new TaskCompletionSource();
        Sidecar.Extending = () => answer.Task;
        var call = Task.CompletedTask;
        await _sdk.StartAsync(step =>
        {
            call = step.ExtendAsync();
        });

        answer.SetResult();

        var late = await Assert.ThrowsAsync<InvalidOperationException>(() => call);
        Assert.StartsWith("The handler has returned", late.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_that_hangs_ends_with_the_time_of_the_handler()
    {
        Sidecar.Hanging.Add("extend");

        await Assert.ThrowsAsync<TimeoutException>(() =>
            _sdk.RunAsync(async step =>
            {
                _sdk.Time.Advance(Timeout / 2);
                await step.ExtendAsync();
            })
        );
    }

    [Fact]
    public async Task A_step_that_is_over_or_has_a_name_has_no_delivery_to_extend()
    {
        Step? kept = null;
        await _sdk.RunAsync(step => kept = step);

        await Assert.ThrowsAsync<InvalidOperationException>(() => kept!.ExtendAsync());
        var named = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            _sdk.InTimeAsync(_sdk.Client.RunStepAsync("open-7", step => step.ExtendAsync()))
        );

        Assert.Contains("step open-7 has no delivery", named.Message, StringComparison.Ordinal);
        Assert.Empty(Sidecar.Extended);
    }

    [Fact]
    public async Task Without_a_binding_the_setting_is_named()
    {
        using var sdk = new TestServices();

        var fault = await Assert.ThrowsAsync<InvalidOperationException>(() => sdk.RunAsync(step => step.ExtendAsync()));

        Assert.Contains("Darq:Binding", fault.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _sdk.Dispose();

    private Task Passes(TimeSpan time)
    {
        _sdk.Time.Advance(time);
        return Task.CompletedTask;
    }
}
