using System.Globalization;
using Darq.Engine.Core;
using Darq.Engine.Subscriptions;

namespace Darq.Component.Configuration;

/// <summary>Turns a metadata list into options: reads every key, then checks keys against each other.</summary>
internal static class OptionsReader
{
    public static OptionsReading Read(ComponentService service, IEnumerable<KeyValuePair<string, string>> properties)
    {
        var values = SettingValues.Read(SettingTable.Of(service), properties);
        var redis = RedisOptionsReader.Read(values);
        var subscription = Subscription(
            values,
            new SubscriptionOptions { MaxBacklog = values.Get(NamespaceSettings.MaxBacklog) },
            service == ComponentService.InputBinding
        );
        WarnOfOrder(values, subscription);
        WarnOfActors(values);
        var options = new InstanceOptions
        {
            Redis = redis,
            Namespace = Namespace(values),
            Subscription = subscription,
            Group = Group(values, service),
            Topics = Topics(values, service),
            EmptyAnswerAcks = EmptyAnswerAcks(values, subscription),
            DefaultTopic = Given(values, SettingTable.Topic),
            AppId = Given(values, NamespaceSettings.AppId),
            KeyPrefix = KeyPrefix(values),
            DefaultTimeToLive = values.Get(SettingTable.TtlInSeconds) is > 0 and var seconds ? TimeSpan.FromSeconds(seconds) : null,
        };
        return new OptionsReading(values.Errors.Count == 0 ? options : null, values.Errors, values.WithoutEffect, values.Warnings);
    }

    /// <summary>
    /// The settings in one subscription's metadata; its other metadata belongs to the app and the sidecar. A value may be a JSON string,
    /// quotation marks included, as the SDK for JavaScript writes it.
    /// </summary>
    public static (SubscriptionOptions Options, IReadOnlyList<string> Errors, IReadOnlyList<string> Warnings) ReadSubscription(
        SubscriptionOptions component,
        IEnumerable<KeyValuePair<string, string>> metadata
    )
    {
        var unquoted = metadata.Select(pair => KeyValuePair.Create(pair.Key, pair.Value is ['"', .. var inner, '"'] ? inner : pair.Value));
        var values = SettingValues.Read(SettingTable.Subscription, unquoted, ignoreUnknown: true);
        var options = Subscription(values, component, component.Concurrent) with { RawPayload = values.Get(DeliverySettings.RawPayload) };
        return (options, values.Errors, values.Warnings);
    }

    private static NamespaceOptions Namespace(SettingValues values) =>
        new()
        {
            Name = values.Get(NamespaceSettings.Namespace),
            Partitions = (int)values.Get(NamespaceSettings.Partitions),
            DedupWindow = values.Get(NamespaceSettings.DedupWindow),
            RetryWindow = values.Get(NamespaceSettings.RetryWindow),
            StepRetention = values.Get(NamespaceSettings.StepRetention),
            MaxBacklog = values.Get(NamespaceSettings.MaxBacklog),
            CallTimeout = values.Get(NamespaceSettings.CallTimeout),
            DedupBy = values.Get(NamespaceSettings.DedupBy),
            CrossPartitionSteps = values.Get(NamespaceSettings.CrossPartitionSteps),
            Durability = values.Get(NamespaceSettings.Durability),
            Ack = values.Get(NamespaceSettings.Ack),
        };

    private static SubscriptionOptions Subscription(SettingValues values, SubscriptionOptions standard, bool concurrent)
    {
        var delay = Either(
            values,
            DeliverySettings.RetryDelay,
            DeliverySettings.RedeliverInterval,
            standard.RetryDelay,
            static value => value > TimeSpan.Zero
        );
        var maxDelay = values.Has(DeliverySettings.MaxRetryDelay) ? values.Get(DeliverySettings.MaxRetryDelay) : standard.MaxRetryDelay;
        if (delay > maxDelay && values.Has(DeliverySettings.MaxRetryDelay))
        {
            values.Add(
                $"maxRetryDelay: \"{DurationText.Write(maxDelay)}\" is less than the retryDelay \"{DurationText.Write(delay)}\"; "
                    + "give at least that"
            );
        }

        return standard with
        {
            Order = values.Has(DeliverySettings.Order) ? values.Get(DeliverySettings.Order) : standard.Order,
            MaxInFlight = (int)Either(
                values,
                DeliverySettings.MaxInFlight,
                DeliverySettings.Concurrency,
                standard.MaxInFlight,
                static _ => true
            ),
            Concurrent = concurrent,
            RetryDelay = delay,
            MaxRetryDelay = delay > maxDelay ? delay : maxDelay,
            RetryQueueAfter = values.Has(DeliverySettings.RetryQueueAfter)
                ? values.Get(DeliverySettings.RetryQueueAfter)
                : standard.RetryQueueAfter,
            MaxDeliveries = values.Has(DeliverySettings.MaxDeliveries)
                ? (int)values.Get(DeliverySettings.MaxDeliveries)
                : standard.MaxDeliveries,
            DeadLetterTopic = Given(values, DeliverySettings.DeadLetterTopic) ?? standard.DeadLetterTopic,
            ProcessingTimeout = values.Has(DeliverySettings.ProcessingTimeout)
                ? values.Get(DeliverySettings.ProcessingTimeout)
                : standard.ProcessingTimeout,
            ReleaseAt = values.Has(DeliverySettings.ReleaseAt) ? values.Get(DeliverySettings.ReleaseAt) : standard.ReleaseAt,
            RequireStep = values.Has(DeliverySettings.RequireStep) ? values.Get(DeliverySettings.RequireStep) : standard.RequireStep,
        };
    }

    /// <summary>One message at a time is mostly wanted for its order, which messages without a key do not get by it.</summary>
    private static void WarnOfOrder(SettingValues values, SubscriptionOptions subscription)
    {
        if (subscription is { MaxInFlight: 1, Order: Order.Key })
        {
            var name = values.Has(DeliverySettings.MaxInFlight) ? DeliverySettings.MaxInFlight.Name : DeliverySettings.Concurrency.Name;
            values.Warnings.Add(
                $"{name}: \"1\" does not keep messages without a key in order, because they lie in several partitions and do not wait for "
                    + "one that failed; give those that belong together one partitionKey, or set order: \"partition\" and partitions: \"1\""
            );
        }
    }

    /// <summary>The sidecar's engine of actors and workflows says nothing of when it wants to be answered, and repeats nothing.</summary>
    private static void WarnOfActors(SettingValues values)
    {
        // The words that are true for the sidecar.
        string[] yes = ["y", "yes", "true", "t", "on", "1"];
        if (
            values.Get(NamespaceSettings.Ack) == AckLevel.Speculative
            && yes.Contains(values.Get(SettingTable.ActorStateStore).Trim(), StringComparer.OrdinalIgnoreCase)
        )
        {
            values.Warnings.Add(
                "ack: \"speculative\" holds for the state of actors and workflows too (actorStateStore), whose engine repeats nothing that it "
                    + "was told is done: a crash may undo an event or a step that a workflow has accepted; leave ack: \"durable\" here"
            );
        }
    }

    private static bool EmptyAnswerAcks(SettingValues values, SubscriptionOptions subscription)
    {
        var acks = values.Get(DeliverySettings.EmptyAnswer);
        if (acks && subscription.RequireStep)
        {
            values.Add("emptyAnswer: \"ack\" contradicts requireStep, with which only a step ends a message; give one of them");
        }

        if (subscription is { RequireStep: true, MaxDeliveries: 0 })
        {
            values.Warnings.Add(
                "requireStep without maxDeliveries: a message whose handler never sends a step is delivered for ever; give maxDeliveries"
            );
        }

        return acks;
    }

    /// <summary>
    /// The prefix that the sidecar adds to state keys, and a binding must add itself; null where it is the app's id, which is not known.
    /// </summary>
    private static string? KeyPrefix(SettingValues values) =>
        values.Get(SettingTable.KeyPrefix) switch
        {
            var text when text.Equals("none", StringComparison.OrdinalIgnoreCase) => "",
            var text when text.Equals("appid", StringComparison.OrdinalIgnoreCase) => Given(values, NamespaceSettings.AppId) is { } app
                ? app + "||"
                : null,
            var text => text + "||",
        };

    /// <summary>A setting with an older name: the new name wins, a contradiction is a fault.</summary>
    private static T Either<T>(SettingValues values, Setting<T> name, Setting<T> older, T standard, Func<T, bool> counts)
        where T : notnull
    {
        var both = values.Has(name) && values.Has(older);
        if (both && !values.Get(name).Equals(values.Get(older)))
        {
            values.Add(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{older.Name} contradicts {name.Name}, which means the same; give {name.Name} alone"
                )
            );
        }

        return values.Has(name) ? values.Get(name)
            : values.Has(older) && counts(values.Get(older)) ? values.Get(older)
            : standard;
    }

    private static string? Group(SettingValues values, ComponentService service)
    {
        var group = Given(values, SettingTable.ConsumerId);
        if (service is ComponentService.PubSub or ComponentService.StateStore)
        {
            return group;
        }

        group = Given(values, SettingTable.Group) ?? group ?? Given(values, NamespaceSettings.AppId);
        var given =
            values.IsGiven(SettingTable.ConsumerId) || values.IsGiven(SettingTable.Group) || values.IsGiven(NamespaceSettings.AppId);
        if (!given && service == ComponentService.InputBinding && AsksForTopics(values))
        {
            values.Add(
                "group is missing: an input binding needs to know for whom it consumes; give group, consumerID or appID, such as "
                    + "appID: \"{appID}\""
            );
        }

        return group;
    }

    private static List<string> Topics(SettingValues values, ComponentService service)
    {
        List<string> topics = [.. SettingTable.Split(values.Get(SettingTable.Topics))];
        if (Given(values, SettingTable.Topic) is { } topic && !topics.Contains(topic))
        {
            topics.Insert(0, topic);
        }
        // Without a direction the sidecar initialises both sides, also for a binding that only sends: that one has no topic to read.
        var readsOnly = values.Get(SettingTable.Direction).Contains("input", StringComparison.OrdinalIgnoreCase);
        if (service == ComponentService.InputBinding && readsOnly && !AsksForTopics(values))
        {
            values.Add("topic is missing: the direction of this binding includes input; give topic or topics");
        }

        return topics;
    }

    private static bool AsksForTopics(SettingValues values) => values.IsGiven(SettingTable.Topic) || values.IsGiven(SettingTable.Topics);

    private static string? Given(SettingValues values, Setting<string> setting) => values.Has(setting) ? values.Get(setting) : null;
}
