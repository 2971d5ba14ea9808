using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Testing.Hosting;
using Darq.Testing.Messages;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Darq.Testing.Calls;

/// <summary>The publish API of the sidecar, inside the simulated process. Every pub/sub component is there, and all are one.</summary>
internal sealed class PublishCalls(ComponentProcess component, CloudEvents events)
{
    public async Task<IMessage> PublishAsync(PublishEventRequest request)
    {
        var data = Wrap(request.PubsubName, request.Topic, request.Data, request.DataContentType, request.Metadata);
        await PublishAsync(request.PubsubName, request.Topic, [new(data, request.Metadata)]);
        return new Empty();
    }

    /// <summary>All entries or none; a failure of the component is the answer of the call.</summary>
    public async Task<IMessage> PublishAsync(BulkPublishRequest request)
    {
        var entries = request.Entries.Select(entry => EntryOf(request, entry)).ToArray();
        await PublishAsync(request.PubsubName, request.Topic, entries);
        return new BulkPublishResponse();
    }

    private PublishEntry EntryOf(BulkPublishRequest request, BulkPublishRequestEntry entry)
    {
        var metadata = new MapField<string, string> { request.Metadata };
        foreach (var (name, value) in entry.Metadata)
        {
            metadata[name] = value;
        }

        return new(Wrap(request.PubsubName, request.Topic, entry.Event, entry.ContentType, metadata), metadata, entry.EntryId);
    }

    private ReadOnlyMemory<byte> Wrap(string pubSub, string topic, ByteString data, string contentType, MapField<string, string> metadata)
    {
        if (topic.Length == 0)
        {
            throw CallFault.Of(StatusCode.InvalidArgument, $"topic is empty in pubsub {pubSub}");
        }

        var isRaw = metadata.Any(pair =>
            pair.Key.Equals(WireNames.RawPayload, StringComparison.OrdinalIgnoreCase)
            && pair.Value.Equals("true", StringComparison.OrdinalIgnoreCase)
        );
        try
        {
            return isRaw ? data.Memory : events.Wrap(ComponentProcess.Group, pubSub, topic, data.Memory, contentType, metadata);
        }
        catch (JsonException fault)
        {
            throw CallFault.Of(
                StatusCode.InvalidArgument,
                $"error when marshalling cloud event envelope for pubsub {pubSub}: {fault.Message}"
            );
        }
    }

    private async Task PublishAsync(string pubSub, string topic, PublishEntry[] entries)
    {
        try
        {
            await component.Publisher.PublishAsync(topic, entries, CancellationToken.None);
        }
        catch (DarqException fault)
        {
            throw CallFault.OfPublish(pubSub, topic, fault);
        }
    }
}
