using Darq.Component.Configuration;
using Darq.Engine.Core;
using Darq.Engine.Subscriptions;
using Xunit;
using static Darq.Tests.Unit.Configuration.InitOptions;

namespace Darq.Tests.Unit.Configuration;

/// <summary>What Init accepts and what it says of each mistake.</summary>
public sealed class OptionsTests
{
    [Fact]
    public void Only_redisHost_is_needed()
    {
        var options = Accepted(ComponentService.PubSub);
        Assert.Equal(("redis", 6379, 0), (options.Redis.Host, options.Redis.Port, options.Redis.Database));
        Assert.Equal(new NamespaceOptions(), options.Namespace);
        Assert.Equal(CrossPartitionSteps.Allow, options.Namespace.CrossPartitionSteps);
        Assert.Equal(new SubscriptionOptions(), options.Subscription);
    }

    [Theory]
    [InlineData("redisType", "cluster")]
    [InlineData("useEntraID", "true")]
    [InlineData("releaseAt", "executed")]
    public void What_comes_later_is_refused_as_not_yet_with_the_value(string key, string text) =>
        Refused(ComponentService.PubSub, $"{key}: \"{text}\" is not yet available in this version", (key, text));

    [Theory]
    [InlineData("redisType", "node")]
    [InlineData("failover", "false")]
    [InlineData("useEntraID", "false")]
    [InlineData("ack", "durable")]
    public void What_asks_for_nothing_new_passes(string key, string text) => Accepted(ComponentService.PubSub, (key, text));

    [Theory]
    [InlineData("ack", "late")]
    [InlineData("releaseAt", "once")]
    [InlineData("order", "random")]
    [InlineData("dedupBy", "id")]
    [InlineData("crossPartitionSteps", "forbid")]
    public void A_word_that_is_none_of_the_choices_is_refused(string key, string text) =>
        Refused(ComponentService.PubSub, $"{key}: \"{text}\" is not accepted; give one of ", (key, text));

    [Theory]
    [InlineData("durable", AckLevel.Durable)]
    [InlineData("Speculative", AckLevel.Speculative)]
    public void Each_level_of_answers_is_read(string text, object level) =>
        Assert.Equal((AckLevel)level, Accepted(ComponentService.StateStore, ("ack", text)).Namespace.Ack);

    [Theory]
    [InlineData("auto", DurabilityKind.Auto, 0)]
    [InlineData("reply", DurabilityKind.Reply, 0)]
    [InlineData("Fsync", DurabilityKind.Fsync, 0)]
    [InlineData("replicated:2", DurabilityKind.Replicated, 2)]
    [InlineData("replica-fsync:1", DurabilityKind.ReplicaFsync, 1)]
    [InlineData("fsync+replicated:16", DurabilityKind.FsyncReplicated, 16)]
    public void Each_level_of_durability_is_read(string text, object kind, int replicas)
    {
        var read = Accepted(ComponentService.PubSub, ("durability", text)).Namespace.Durability;

        Assert.Equal(new DurabilityLevel((DurabilityKind)kind, replicas), read);
        Assert.Equal(text, read.ToString(), ignoreCase: true);
    }

    [Theory]
    [InlineData("sometimes")]
    [InlineData("replicated")]
    [InlineData("replicated:0")]
    [InlineData("replicated:17")]
    [InlineData("replicated: 1")]
    [InlineData("fsync:1")]
    [InlineData("fsync+replicated:")]
    public void A_level_of_durability_that_is_none_is_refused(string text) =>
        Refused(ComponentService.PubSub, $"durability: \"{text}\" is not accepted; give {DurabilityLevel.Form}", ("durability", text));

    [Fact]
    public void A_subscription_may_release_messages_earlier_than_its_component() =>
        Assert.Equal(
            (ReleaseAt.Durable, ReleaseAt.Applied),
            (
                Accepted(ComponentService.PubSub, ("releaseAt", "durable")).Subscription.ReleaseAt,
                OptionsReader.ReadSubscription(new(), [new("releaseAt", "applied")]).Options.ReleaseAt
            )
        );

    [Theory]
    [InlineData("Orders")]
    [InlineData("prod.orders")]
    [InlineData("a_b")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void A_namespace_of_other_letters_or_too_long_is_refused(string text) =>
        Refused(
            ComponentService.PubSub,
            $"namespace: \"{text}\" is not accepted; give 1 to 40 characters of a-z, 0-9 and -",
            ("namespace", text)
        );

    [Theory]
    [InlineData("0")]
    [InlineData("1025")]
    [InlineData("64.0")]
    public void A_number_of_partitions_out_of_range_is_refused(string text) =>
        Refused(
            ComponentService.PubSub,
            $"partitions: \"{text}\" is not accepted; give a whole number from 1 to 1024",
            ("partitions", text)
        );

    [Fact]
    public void Our_own_settings_arrive_in_their_types()
    {
        var options = Accepted(
            ComponentService.PubSub,
            ("namespace", "shop"),
            ("partitions", "8"),
            ("dedupWindow", "1h"),
            ("retryWindow", "90s"),
            ("dedupBy", "cloudevent"),
            ("stepRetention", "5m"),
            ("maxBacklog", "10"),
            ("crossPartitionSteps", "refuse"),
            ("callTimeout", "1s"),
            ("order", "none"),
            ("maxInFlight", "7"),
            ("retryDelay", "100"),
            ("maxRetryDelay", "2s"),
            ("dialTimeout", "1500ms"),
            ("consumerID", "billing"),
            ("retryQueueAfter", "300ms"),
            ("maxDeliveries", "5"),
            ("deadLetterTopic", "graveyard"),
            ("processingTimeout", "15s"),
            ("requireStep", "true")
        );

        Assert.Equal(
            new NamespaceOptions
            {
                Name = "shop",
                Partitions = 8,
                DedupWindow = TimeSpan.FromHours(1),
                RetryWindow = TimeSpan.FromSeconds(90),
                DedupBy = DedupBy.CloudEvent,
                StepRetention = TimeSpan.FromMinutes(5),
                MaxBacklog = 10,
                CrossPartitionSteps = CrossPartitionSteps.Refuse,
                CallTimeout = TimeSpan.FromSeconds(1),
            },
            options.Namespace
        );
        Assert.Equal(
            new SubscriptionOptions
            {
                Order = Order.None,
                MaxInFlight = 7,
                RetryDelay = TimeSpan.FromMilliseconds(100),
                MaxRetryDelay = TimeSpan.FromSeconds(2),
                RetryQueueAfter = TimeSpan.FromMilliseconds(300),
                MaxDeliveries = 5,
                DeadLetterTopic = "graveyard",
                MaxBacklog = 10,
                ProcessingTimeout = TimeSpan.FromSeconds(15),
                RequireStep = true,
            },
            options.Subscription
        );
        Assert.Equal(TimeSpan.FromMilliseconds(1500), options.Redis.DialTimeout);
        Assert.Equal("billing", options.Group);
    }

    [Fact]
    public void An_app_has_a_minute_for_a_message_and_need_send_no_step_unless_the_settings_say_so()
    {
        var options = Accepted(ComponentService.InputBinding);
        Assert.Equal((TimeSpan.FromSeconds(60), false), (options.Subscription.ProcessingTimeout, options.Subscription.RequireStep));
        Assert.False(options.EmptyAnswerAcks);
    }

    [Fact]
    public void An_empty_answer_that_acknowledges_contradicts_requireStep() =>
        Refused(
            ComponentService.InputBinding,
            "emptyAnswer: \"ack\" contradicts requireStep",
            ("emptyAnswer", "ack"),
            ("requireStep", "true"),
            ("maxDeliveries", "5")
        );

    [Fact]
    public void RequireStep_without_maxDeliveries_is_accepted_with_a_warning()
    {
        var reading = Read(ComponentService.PubSub, ("requireStep", "true"));
        Assert.Empty(reading.Errors);
        Assert.Contains("requireStep without maxDeliveries", Assert.Single(reading.Warnings), StringComparison.Ordinal);
        Assert.Empty(Read(ComponentService.PubSub, ("requireStep", "true"), ("maxDeliveries", "5")).Warnings);
    }

    [Theory]
    [InlineData("true", "speculative", true)]
    [InlineData("Yes", "speculative", true)]
    [InlineData("false", "speculative", false)]
    [InlineData("true", "durable", false)]
    public void Speculative_answers_of_a_store_of_workflows_are_accepted_with_a_warning(string isActors, string ack, bool isWarned)
    {
        var reading = Read(ComponentService.StateStore, ("actorStateStore", isActors), ("ack", ack));

        Assert.Empty(reading.Errors);
        Assert.Equal(
            isWarned,
            reading.Warnings.Any(text => text.StartsWith("ack: \"speculative\" holds for the state of actors", StringComparison.Ordinal))
        );
    }

    [Fact]
    public void An_unknown_key_is_refused_with_the_nearest_name() =>
        Refused(ComponentService.PubSub, "\"maxInflght\" is not a setting of pubsub.darq; did you mean maxInFlight?", ("maxInflght", "5"));

    [Fact]
    public void An_unknown_key_that_is_near_to_nothing_is_refused_without_a_guess()
    {
        var error = Assert.Single(Read(ComponentService.PubSub, ("colour", "blue")).Errors);
        Assert.Equal("\"colour\" is not a setting of pubsub.darq", error);
    }

    [Fact]
    public void Keys_are_taken_in_any_case() =>
        Assert.Equal(8, Accepted(ComponentService.PubSub, ("PARTITIONS", "8")).Namespace.Partitions);

    [Fact]
    public void Of_two_spellings_of_consumerID_the_exact_one_wins_and_the_other_is_said()
    {
        var reading = Read(ComponentService.PubSub, ("consumerId", "mine"), ("consumerID", "app"));
        Assert.Equal("app", reading.Options!.Group);
        Assert.Contains("consumerId is not used", Assert.Single(reading.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Two_spellings_with_different_values_and_none_exact_are_refused() =>
        Refused(ComponentService.PubSub, "partitions is given 2 times with different values", ("Partitions", "8"), ("PARTITIONS", "9"));

    [Theory]
    [InlineData("or*ders")]
    [InlineData(
        "\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc"
    )]
    public void A_group_with_a_star_or_over_255_bytes_is_refused(string text) =>
        Refused(ComponentService.PubSub, "is not accepted; give 1 to 255 bytes without control characters and *", ("consumerID", text));

    [Fact]
    public void Control_characters_are_refused_and_not_repeated()
    {
        var error = Assert.Single(Read(ComponentService.PubSub, ("consumerID", "a\nb")).Errors);
        Assert.StartsWith("consumerID: \"a?b\" has control characters", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_lone_surrogate_is_refused() => Refused(ComponentService.PubSub, "is not valid Unicode", ("consumerID", "a\ud800"));

    [Theory]
    [InlineData("publishingScopes")]
    [InlineData("subscriptionScopes")]
    [InlineData("allowedTopics")]
    [InlineData("protectedTopics")]
    public void What_the_sidecar_reads_from_a_pubsub_passes(string key)
    {
        var reading = Read(ComponentService.PubSub, (key, "app=a,b"));
        Assert.Empty(reading.Errors);
        Assert.Empty(reading.WithoutEffect);
    }

    [Theory]
    [InlineData("keyPrefix")]
    [InlineData("actorStateStore")]
    [InlineData("outboxPublishPubsub")]
    [InlineData("outboxPublishTopic")]
    [InlineData("outboxPubsub")]
    [InlineData("outboxDiscardWhenMissingState")]
    [InlineData("primaryEncryptionKey")]
    [InlineData("secondaryEncryptionKey")]
    public void What_the_sidecar_reads_from_a_state_store_passes(string key) =>
        Assert.Empty(Read(ComponentService.StateStore, (key, "true")).Errors);

    [Theory]
    [InlineData("readTimeout")]
    [InlineData("writeTimeout")]
    [InlineData("redisMaxRetries")]
    [InlineData("redisMinRetryInterval")]
    [InlineData("redisMaxRetryInterval")]
    [InlineData("poolSize")]
    [InlineData("minIdleConns")]
    [InlineData("queueDepth")]
    public void What_has_no_effect_is_accepted_and_listed(string key) =>
        Assert.Equal([key], Read(ComponentService.PubSub, (key, "3")).WithoutEffect);

    [Theory]
    [InlineData("maxLenApprox")]
    [InlineData("streamTTL")]
    public void What_would_trim_under_a_reader_is_accepted_with_a_warning(string key) =>
        Assert.Contains(
            $"{key} has no effect: Nothing is trimmed under a reader",
            Assert.Single(Read(ComponentService.PubSub, (key, "3")).Warnings),
            StringComparison.Ordinal
        );

    [Fact]
    public void All_mistakes_are_reported_at_once() =>
        Assert.Equal(
            4,
            Read(ComponentService.PubSub, ("redisHost", ""), ("partitions", "0"), ("order", "x"), ("nonsense", "1")).Errors.Count
        );

    [Theory]
    [InlineData("60", 60)]
    [InlineData("0", null)]
    [InlineData("-1", null)]
    public void The_default_time_to_live_of_state_is_in_seconds(string text, int? seconds) =>
        Assert.Equal(seconds, (int?)Accepted(ComponentService.StateStore, ("ttlInSeconds", text)).DefaultTimeToLive?.TotalSeconds);

    [Fact]
    public void A_default_time_to_live_that_is_no_number_is_refused() =>
        Refused(ComponentService.StateStore, "ttlInSeconds: \"1m\" is not accepted", ("ttlInSeconds", "1m"));

    [Fact]
    public void No_two_settings_of_a_service_have_one_name_and_each_is_described()
    {
        foreach (var service in Enum.GetValues<ComponentService>())
        {
            var settings = SettingTable.Of(service).Settings;
            Assert.Equal(settings.Count, settings.Select(setting => setting.Name).Distinct(StringComparer.OrdinalIgnoreCase).Count());
            Assert.All(settings, setting => Assert.True(setting.Form.Length > 0 && setting.Description.EndsWith('.'), setting.Name));
        }
    }
}
