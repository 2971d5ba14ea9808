using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Tests.Shared;

namespace Darq.Tests.Integration.Engine;

/// <summary>Tests of a group "g" that queues each failed message of a topic "t" at once; and what lies in Redis of it.</summary>
public abstract class RetryQueueTests(bool valkey) : EngineTests(valkey)
{
    private protected static readonly SubscriptionOptions Soon = Retried(TimeSpan.FromMilliseconds(300));

    /// <summary>Each failed message comes again after this time.</summary>
    private protected static SubscriptionOptions Retried(TimeSpan delay) =>
        new()
        {
            Concurrent = true,
            RetryQueueAfter = TimeSpan.Zero,
            RetryDelay = delay,
            MaxRetryDelay = delay,
        };

    private protected DeliveryStream Attach(SubscriptionOptions options, Inbox inbox) => Run.Subscriptions.Attach("g", "t", options, inbox);

    private protected Task<Published> PublishAsync(string key, string data) => Run.PublishAsync("t", data, ("partitionKey", key));

    private protected async Task PublishAsync(string key, params string[] data)
    {
        foreach (var text in data)
        {
            await PublishAsync(key, text);
        }
    }

    private protected Task QueuedAsync(string key, int messages) =>
        Eventually.TrueAsync(
            async () => await Redis.CliAsync("ZCARD", Key(key, "q:g:t")) == $"{messages}",
            TimeSpan.FromSeconds(30),
            $"{messages} messages are queued"
        );

    private protected Task StreamIsTrimmedAsync(string key) =>
        Eventually.TrueAsync(
            async () => await Redis.CliAsync("XLEN", Key(key, "t:t")) == "0",
            TimeSpan.FromSeconds(10),
            "the stream is trimmed"
        );

    private protected Task RetryQueueIsEmptyAsync(string key) =>
        Eventually.TrueAsync(
            async () => await Redis.CliAsync("EXISTS", Key(key, "q:g:t"), Key(key, "qb:g:t")) == "0",
            TimeSpan.FromSeconds(5),
            "nothing is left in the retry queue"
        );

    private protected string Key(string partitionKey, string suffix) => Header(partitionKey)[..^1] + suffix;

    private protected async Task<LaneNumbers> LaneAsync(string partitionKey) =>
        LaneNumbers.Parse(await Redis.CliAsync("HGET", Header(partitionKey), "l:g:t"));

    private protected string Header(string partitionKey) => Run.Primary.Keys.PartitionHeader(PartitionHash.Of(partitionKey, 64));
}
