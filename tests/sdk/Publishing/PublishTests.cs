using Dapr;
using Darq.Tests.Sdk.Fixtures;
using Xunit;

namespace Darq.Tests.Sdk.Publishing;

/// <summary>Publishing by the client: the id stays the same however often it is sent.</summary>
public sealed class PublishTests : IDisposable
{
    private readonly TestServices _sdk = new();

    private FakeSidecar Sidecar => _sdk.Sidecar;

    [Fact]
    public async Task What_is_said_of_a_message_is_its_metadata()
    {
        await PublishAsync(() => _sdk.Client.PublishAsync("orders", "o-1", new { Item = "tea" }, "ann", TimeSpan.FromSeconds(90)));

        var (topic, json, metadata) = Sidecar.Published.Single();
        Assert.Equal(("orders", """{"item":"tea"}"""), (topic, json));
        Assert.Equal(
            ["darq.id=o-1", "partitionKey=ann", "ttlInSeconds=90"],
            metadata.Select(pair => $"{pair.Key}={pair.Value}").Order(StringComparer.Ordinal)
        );
    }

    [Theory]
    [InlineData("Unavailable desc = UNAVAILABLE: no answer")]
    [InlineData("ResourceExhausted desc = FULL: the topic is full")]
    public async Task What_may_pass_is_tried_again_under_the_same_id(string failure)
    {
        Sidecar.PublishFailures.Enqueue(failure);
        Sidecar.PublishFailures.Enqueue(failure);

        await PublishAsync(() => _sdk.Client.PublishAsync("orders", "o-1", 1));

        Assert.Equal(["o-1", "o-1", "o-1"], Sidecar.Published.Select(sent => sent.Metadata["darq.id"]));
    }

    [Fact]
    public async Task What_does_not_pass_is_told_after_six_times()
    {
        for (var i = 0; i < 10; i++)
        {
            Sidecar.PublishFailures.Enqueue("Unavailable desc = UNAVAILABLE: no answer");
        }

        var failed = await Assert.ThrowsAsync<StepException>(() => PublishAsync(() => _sdk.Client.PublishAsync("orders", "o-1", 1)));

        Assert.Equal((StepOutcome.Unknown, 6), (failed.Outcome, Sidecar.Published.Count));
        Assert.Equal("The message o-1 for topic orders may not have been published: UNAVAILABLE: no answer", failed.Message);
        Assert.IsType<DaprException>(failed.InnerException);
    }

    [Fact]
    public async Task A_call_that_hangs_is_no_answer()
    {
        Sidecar.PublishesHanging = 2;

        await PublishAsync(() => _sdk.Client.PublishAsync("orders", "o-1", 1, cancellationToken: TestContext.Current.CancellationToken));

        Assert.Equal(3, Sidecar.Published.Count);
    }

    [Fact]
    public async Task A_step_without_an_answer_is_not_said_to_have_done_nothing()
    {
        using var sdk = new TestServices(options => options.CommitTimeout = TimeSpan.FromSeconds(1));
        for (var i = 0; i < 20; i++)
        {
            sdk.Sidecar.TransactionFailures.Enqueue("Unavailable desc = UNAVAILABLE: no answer");
        }

        var failed = await Assert.ThrowsAsync<StepException>(() =>
            sdk.InTimeAsync(sdk.Client.RunStepAsync("open-ann", _ => Task.CompletedTask, TestContext.Current.CancellationToken))
        );

        Assert.Equal("The step open-ann may not have taken effect: UNAVAILABLE: no answer", failed.Message);
    }

    [Fact]
    public async Task What_is_wrong_is_told_at_once()
    {
        Sidecar.PublishFailures.Enqueue("InvalidArgument desc = INVALID: the topic is 'a*'");

        var failed = await Assert.ThrowsAsync<StepException>(() => PublishAsync(() => _sdk.Client.PublishAsync("a*", "o-1", 1)));

        Assert.Equal((StepOutcome.Refused, 1), (failed.Outcome, Sidecar.Published.Count));
        Assert.Equal("The message o-1 for topic a* was not published: INVALID: the topic is 'a*'", failed.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public async Task A_time_to_live_is_above_zero(int seconds) =>
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() =>
            _sdk.Client.PublishAsync("orders", "o-1", 1, timeToLive: TimeSpan.FromSeconds(seconds))
        );

    public void Dispose() => _sdk.Dispose();

    private Task PublishAsync(Func<Task> publish) => _sdk.InTimeAsync(publish());
}
