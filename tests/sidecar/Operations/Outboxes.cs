using Darq.Sidecar.Components;
using Darq.Sidecar.Events;
using Darq.Tests.Shared.GrpcClient;
using Google.Protobuf;

namespace Darq.Sidecar.Operations;

/// <summary>
/// The first half of daprd's transactional outbox: for every write of a transaction an event goes to an internal topic, and a row of the
/// event's id into the transaction. Whoever takes the event from there publishes it only once that row is there.
/// </summary>
internal sealed class Outboxes(ComponentRegistry components, string appId, string @namespace)
{
    private static readonly ByteString Marker = ByteString.CopyFromUtf8("\"0\"");

    /// <summary>The stores that have an outbox.</summary>
    public IEnumerable<StateComponent> Stores => components.Stores.Values.Where(store => store.Outbox is not null);

    /// <summary>The topic of a store's events before they are published for good.</summary>
    public string InternalTopic(OutboxSettings outbox) => $"{@namespace}{appId}{outbox.Topic}outbox";

    /// <summary>
    /// Publishes the events of the writes and returns the rows to add. What was published stays published when the transaction fails.
    /// </summary>
    public async Task<IReadOnlyList<StateOperation>> PublishAsync(
        StateComponent store,
        IReadOnlyList<StateOperation> operations,
        CallTrace trace,
        CancellationToken cancellation
    )
    {
        var markers = new List<StateOperation>();
        if (store.Outbox is not { } outbox)
        {
            return markers;
        }

        foreach (var operation in operations.Where(operation => operation.IsUpsert))
        {
            var id = $"outbox-{Guid.NewGuid()}";
            await PublishAsync(outbox, EventOf(outbox, id, operation.Item, trace), cancellation);
            markers.Add(new(new(id) { Bytes = Marker }, IsUpsert: true));
        }

        return markers;
    }

    private async Task PublishAsync(OutboxSettings outbox, byte[] data, CancellationToken cancellation)
    {
        try
        {
            if (!components.PubSubs.TryGetValue(outbox.InternalPubSub, out var pubSub))
            {
                throw new ApiException(PubSubErrors.Outbox(appId, $"pubsub '{outbox.InternalPubSub}' not found"));
            }

            await pubSub.PublishAsync(InternalTopic(outbox), data, [], cancellation);
        }
        catch (GrpcCallException fault)
        {
            throw new ApiException(PubSubErrors.Outbox(appId, fault.Message));
        }
    }

    // The item's metadata become attributes, but neither the id nor the data is theirs to set.
    private byte[] EventOf(OutboxSettings outbox, string id, StateItem item, CallTrace trace)
    {
        var published = new PublishedEvent(outbox.InternalPubSub, "", DataOf(item), item.ContentType, item.Metadata)
        {
            TraceParent = trace.Parent,
            TraceState = trace.State,
        };
        return CloudEvents.Wrap(
            published,
            appId,
            item.Metadata.Where(attribute => attribute.Key is not ("data" or "id")).Append(new("id", id))
        );
    }

    // JSON that is not declared as such is printed as Go prints its maps.
    private static ReadOnlyMemory<byte> DataOf(StateItem item)
    {
        if (item.Json is not { } json)
        {
            return item.Bytes?.Memory ?? default;
        }

        return ContentTypes.IsJson(item.ContentType)
            ? GoJson.Write(json, GoNumbers.Floats)
            : System.Text.Encoding.UTF8.GetBytes(GoTypes.Print(json));
    }
}
