using Darq.Protos;
using Darq.Sidecar.Components;
using Darq.Tests.Shared.GrpcClient;

namespace Darq.Sidecar.Delivery;

/// <summary>
/// Publishes to a subscription's dead letter topic what the app could not take; false if that failed, or if there is none.
/// </summary>
internal sealed class DeadLetters(PubSubComponent pubSub, string topic)
{
    private static readonly TimeSpan PublishTimeout = TimeSpan.FromSeconds(30);

    public bool AreKept => topic.Length > 0;

    public Task<bool> PublishAsync(
        ReadOnlyMemory<byte> data,
        IEnumerable<KeyValuePair<string, string>> metadata,
        string? deliveredBy = null
    ) =>
        TryAsync(async cancellation =>
        {
            await pubSub.PublishAsync(topic, data, metadata, cancellation, deliveredBy);
            return true;
        });

    public Task<bool> PublishAsync(IReadOnlyList<BulkMessageEntry> entries, IReadOnlyDictionary<string, string> metadata) =>
        TryAsync(async cancellation => (await pubSub.BulkPublishAsync(topic, entries, metadata, cancellation)).Fault is null);

    private async Task<bool> TryAsync(Func<CancellationToken, Task<bool>> publish)
    {
        if (!AreKept || !pubSub.Scopes.MayPublish(topic))
        {
            return false;
        }

        using var limit = new CancellationTokenSource(PublishTimeout);
        try
        {
            return await publish(limit.Token);
        }
        catch (GrpcCallException)
        {
            return false;
        }
    }
}
