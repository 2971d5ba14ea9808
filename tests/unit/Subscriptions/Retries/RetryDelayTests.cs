using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Retries;
using Xunit;

namespace Darq.Tests.Unit.Subscriptions.Retries;

public sealed class RetryDelayTests
{
    private readonly Random _random = new(1);

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(5, 16)]
    [InlineData(6, 30)]
    [InlineData(int.MaxValue, 30)]
    public void The_delay_doubles_with_each_failure_up_to_the_longest_give_or_take_a_fifth(int failures, double seconds)
    {
        var options = new SubscriptionOptions { RetryDelay = TimeSpan.FromSeconds(1), MaxRetryDelay = TimeSpan.FromSeconds(30) };

        Assert.All(Delays(options, failures), delay => Assert.InRange(delay.TotalSeconds, 0.8 * seconds, 1.2 * seconds));
    }

    [Fact]
    public void Forty_failures_at_an_hour_each_do_not_overflow()
    {
        var options = new SubscriptionOptions { RetryDelay = TimeSpan.FromHours(1), MaxRetryDelay = TimeSpan.FromHours(24) };

        Assert.All(Delays(options, 40), delay => Assert.InRange(delay.TotalHours, 0.8 * 24, 1.2 * 24));
    }

    [Fact]
    public void An_app_that_is_gone_is_tried_every_other_second_however_long_its_messages_would_wait()
    {
        var options = new SubscriptionOptions { RetryDelay = TimeSpan.FromSeconds(1), MaxRetryDelay = TimeSpan.FromMinutes(10) };

        Assert.InRange(RetryDelay.WhileGone(options, 1, _random).TotalSeconds, 0.8, 1.2);
        Assert.Equal(2, RetryDelay.WhileGone(options, 100, _random).TotalSeconds);
    }

    private IEnumerable<TimeSpan> Delays(SubscriptionOptions options, int failures) =>
        Enumerable.Range(0, 100).Select(_ => RetryDelay.Of(options, failures, _random));
}
