using System.Globalization;
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

    [Fact]
    public async Task Several_messages_go_each_under_its_id_and_those_of_a_key_in_order()
    {
        var messages = Enumerable
            .Range(1, 60)
            .Select(i => new OutgoingMessage<int>($"o-{i}", i)
            {
                Key = i % 3 == 0 ? null : $"k{i % 3}",
                TimeToLive = TimeSpan.FromSeconds(i),
            });

        var report = await _sdk.InTimeAsync(_sdk.Client.PublishAllAsync("orders", messages, TestContext.Current.CancellationToken));

        report.ThrowIfFailed();
        Assert.Empty(report.Failed);
        Assert.Equal(60, Sidecar.Published.Select(sent => sent.Metadata["darq.id"]).Distinct().Count());
        Assert.All(
            Sidecar.Published,
            sent => Assert.Equal(($"o-{sent.Json}", sent.Json), (sent.Metadata["darq.id"], sent.Metadata["ttlInSeconds"]))
        );
        Assert.All(
            Sidecar.Published.GroupBy(sent => sent.Metadata.GetValueOrDefault("partitionKey")).Where(line => line.Key is not null),
            line => Assert.Equal(line.Select(NumberOf).Order(), line.Select(NumberOf))
        );
    }

    [Fact]
    public async Task After_a_message_without_an_answer_no_other_is_begun()
    {
        Sidecar.PublishesHanging = 16 * 6;
        var messages = Enumerable.Range(1, 40).Select(i => new OutgoingMessage<int>($"o-{i}", i));

        var report = await _sdk.InTimeAsync(_sdk.Client.PublishAllAsync("orders", messages, TestContext.Current.CancellationToken));

        Assert.Equal(16, Sidecar.Published.Select(sent => sent.Metadata["darq.id"]).Distinct().Count());
        Assert.Equal(16, report.Failed.Count(failed => failed.Outcome == StepOutcome.Unknown));
        Assert.Equal(24, report.Failed.Count(failed => failed.Outcome is null));
        Assert.Equal(StepOutcome.Unknown, Assert.Throws<StepException>(report.ThrowIfFailed).Outcome);
    }

    public static TheoryData<OutgoingMessage<int>?[], string> Mistakes =>
        new()
        {
            { [new("o-1", 1), null], "Message 1: Value cannot be null." },
            { [new(null!, 1)], "Message 0: Value cannot be null." },
            { [new("", 1)], "Message 0: The value cannot be an empty string." },
            { [new("o-1", 1) { Key = "" }], "Message 0: The key is empty; accepted: null for none." },
            { [new("o-1", 1), new("o-1", 2)], "Message 1: The id o-1 is given twice; accepted: another for each message." },
        };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task What_cannot_be_a_message_is_told_before_any_is_sent(OutgoingMessage<int>?[] messages, string text)
    {
        var mistake = await Assert.ThrowsAnyAsync<ArgumentException>(() => _sdk.Client.PublishAllAsync("orders", messages!));

        Assert.StartsWith(text, mistake.Message, StringComparison.Ordinal);
        Assert.Empty(Sidecar.Published);
    }

    [Fact]
    public async Task Messages_that_failed_are_named_and_none_of_a_key_is_overtaken()
    {
        Sidecar.PublishFailures.Enqueue(null);
        Sidecar.PublishFailures.Enqueue("InvalidArgument desc = TOO_LARGE: the message");
        OutgoingMessage<int>[] messages = [.. Enumerable.Range(1, 4).Select(i => new OutgoingMessage<int>($"o-{i}", i) { Key = "ann" })];

        var report = await _sdk.InTimeAsync(_sdk.Client.PublishAllAsync("orders", messages, TestContext.Current.CancellationToken));

        Assert.Equal(["o-1", "o-2"], Sidecar.Published.Select(sent => sent.Metadata["darq.id"]));
        Assert.Equal(
            [
                ("o-2", StepOutcome.TooLarge, "The message o-2 for topic orders was not published: TOO_LARGE: the message"),
                ("o-3", null, "The message o-3 for topic orders was not published: message o-2 of its key was not, either."),
                ("o-4", null, "The message o-4 for topic orders was not published: message o-2 of its key was not, either."),
            ],
            report.Failed.Select(failed => (failed.Id, failed.Outcome, failed.Text))
        );
        Assert.StartsWith(
            "3 messages failed: o-2, o-3, o-4. The message o-2",
            Assert.Throws<StepException>(report.ThrowIfFailed).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task What_is_wrong_with_one_of_several_is_told_before_any_is_sent()
    {
        OutgoingMessage<int>[] messages = [new("o-1", 1), new("", 2)];

        await Assert.ThrowsAsync<ArgumentException>(() => _sdk.Client.PublishAllAsync("orders", messages));

        Assert.Empty(Sidecar.Published);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public async Task A_time_to_live_is_above_zero(int seconds) =>
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() =>
            _sdk.Client.PublishAsync("orders", "o-1", 1, timeToLive: TimeSpan.FromSeconds(seconds))
        );

    public void Dispose() => _sdk.Dispose();

    private static int NumberOf((string Topic, string Json, Dictionary<string, string> Metadata) sent) =>
        int.Parse(sent.Json, CultureInfo.InvariantCulture);

    private Task PublishAsync(Func<Task> publish) => _sdk.InTimeAsync(publish());
}
