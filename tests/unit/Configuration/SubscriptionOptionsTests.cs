using Darq.Component.Configuration;
using Darq.Engine.Core;
using Darq.Engine.Subscriptions;
using Xunit;
using static Darq.Tests.Unit.Configuration.InitOptions;

namespace Darq.Tests.Unit.Configuration;

/// <summary>How messages are delivered and tried again, said for a component or for one subscription.</summary>
public sealed class SubscriptionOptionsTests
{
    [Fact]
    public void Concurrency_of_the_builtin_component_means_maxInFlight() =>
        Assert.Equal(10, Accepted(ComponentService.PubSub, ("concurrency", "10")).Subscription.MaxInFlight);

    [Theory]
    [InlineData("maxInFlight")]
    [InlineData("concurrency")]
    public void One_message_at_a_time_is_no_order_of_messages_without_a_key_and_the_warning_names_what_is(string name)
    {
        var warning = Assert.Single(Read(ComponentService.PubSub, (name, "1")).Warnings);

        Assert.StartsWith($"{name}: \"1\" does not keep messages without a key in order", warning, StringComparison.Ordinal);
        Assert.Contains("one partitionKey", warning, StringComparison.Ordinal);
        Assert.Contains("order: \"partition\" and partitions: \"1\"", warning, StringComparison.Ordinal);
        Assert.Empty(Read(ComponentService.PubSub, (name, "1"), ("order", "partition"), ("partitions", "1")).Warnings);
        Assert.Empty(Read(ComponentService.PubSub, (name, "1"), ("order", "none")).Warnings);
        Assert.Empty(Read(ComponentService.PubSub, (name, "2")).Warnings);
    }

    [Fact]
    public void Concurrency_that_contradicts_maxInFlight_is_refused() =>
        Refused(
            ComponentService.PubSub,
            "concurrency contradicts maxInFlight, which means the same; give maxInFlight alone",
            ("concurrency", "10"),
            ("maxInFlight", "5")
        );

    [Fact]
    public void RedeliverInterval_of_the_builtin_component_means_retryDelay_and_lifts_the_longest_delay()
    {
        var subscription = Accepted(ComponentService.PubSub, ("redeliverInterval", "60s")).Subscription;
        Assert.Equal((TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1)), (subscription.RetryDelay, subscription.MaxRetryDelay));
    }

    [Fact]
    public void RedeliverInterval_zero_leaves_the_default() =>
        Assert.Equal(new SubscriptionOptions(), Accepted(ComponentService.PubSub, ("redeliverInterval", "0")).Subscription);

    [Fact]
    public void A_longest_delay_below_the_first_is_refused() =>
        Refused(
            ComponentService.PubSub,
            "maxRetryDelay: \"1s\" is less than the retryDelay \"5s\"; give at least that",
            ("retryDelay", "5s"),
            ("maxRetryDelay", "1s")
        );

    [Theory]
    [InlineData("soon")]
    [InlineData("5 minutes")]
    [InlineData("-5s")]
    [InlineData("5d")]
    [InlineData("s")]
    [InlineData("0")]
    [InlineData("48h")]
    public void A_duration_of_another_form_or_range_is_refused(string text) =>
        Refused(
            ComponentService.PubSub,
            $"retryDelay: \"{text}\" is not accepted; give a duration from 1ms to 24h, such as 30s, 500ms, 5m or bare milliseconds",
            ("retryDelay", text)
        );

    [Fact]
    public void A_subscription_may_say_otherwise_than_its_component()
    {
        var component = new SubscriptionOptions
        {
            MaxInFlight = 5,
            RetryDelay = TimeSpan.FromSeconds(1),
            DeadLetterTopic = "graveyard",
            MaxBacklog = 7,
        };
        var (options, errors, _) = OptionsReader.ReadSubscription(
            component,
            [
                new("maxInFlight", "9"),
                new("rawPayload", "true"),
                new("order", "none"),
                new("maxDeliveries", "3"),
                new("retryQueueAfter", "0"),
            ]
        );
        Assert.Empty(errors);
        Assert.True(options.RawPayload);
        Assert.Equal(
            component with
            {
                MaxInFlight = 9,
                Order = Order.None,
                MaxDeliveries = 3,
                RetryQueueAfter = TimeSpan.Zero,
            },
            options with
            {
                RawPayload = false,
            }
        );
    }

    [Theory]
    [InlineData("requireSteps", "requireStep")]
    [InlineData("maxDelivery", "maxDeliveries")]
    public void A_misspelt_setting_among_the_metadata_of_others_is_noticed(string given, string meant)
    {
        var (_, errors, warnings) = OptionsReader.ReadSubscription(new(), [new(given, "3"), new("isRaw", "x"), new("color", "red")]);

        Assert.Empty(errors);
        Assert.Equal([$"\"{given}\" is no setting of a subscription and left to others; did you mean {meant}?"], warnings);
    }

    [Theory]
    [InlineData("deadLetterTopic", "orders~2", "give a topic's name that does not end in ~<number>")]
    [InlineData("deadLetterTopic", "or*ders", "give a topic's name that does not end in ~<number>")]
    [InlineData("maxDeliveries", "-1", "give a whole number from 0 to 1000000")]
    [InlineData("maxDeliveries", "many", "give a whole number from 0 to 1000000")]
    [InlineData("retryQueueAfter", "later", "give a duration from 0 to 24h")]
    public void How_messages_are_queued_and_given_up_has_a_form(string key, string text, string expected)
    {
        Refused(ComponentService.PubSub, $"{key}: \"{text}\" is not accepted; {expected}", (key, text));
        Assert.StartsWith(
            $"{key}: \"{text}\" is not accepted",
            Assert.Single(OptionsReader.ReadSubscription(new(), [new(key, text)]).Errors),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_value_of_a_subscription_may_be_a_JSON_string()
    {
        var (options, errors, _) = OptionsReader.ReadSubscription(
            new(),
            [new("requireStep", "\"true\""), new("maxDeliveries", "\"3\""), new("deadLetterTopic", "\"graveyard\"")]
        );

        Assert.Empty(errors);
        Assert.Equal((true, 3, "graveyard"), (options.RequireStep, options.MaxDeliveries, options.DeadLetterTopic));
    }

    [Fact]
    public void A_mistake_in_a_subscription_is_reported()
    {
        var (_, errors, _) = OptionsReader.ReadSubscription(new SubscriptionOptions(), [new("maxInFlight", "many")]);
        Assert.Equal("maxInFlight: \"many\" is not accepted; give a whole number from 1 to 1000", Assert.Single(errors));
    }

    [Theory]
    [InlineData("30s", 30_000)]
    [InlineData("500ms", 500)]
    [InlineData("5m", 300_000)]
    [InlineData("1h", 3_600_000)]
    [InlineData("1m30s", 90_000)]
    [InlineData("0.5s", 500)]
    [InlineData("250", 250)]
    [InlineData("0", 0)]
    public void Durations_have_units_or_are_milliseconds(string text, int milliseconds)
    {
        Assert.True(DurationText.TryRead(text, out var duration));
        Assert.Equal(milliseconds, duration.TotalMilliseconds);
    }
}
