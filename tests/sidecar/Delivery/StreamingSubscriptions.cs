using Darq.Protos.Runtime;
using Darq.Sidecar.Components;
using Darq.Sidecar.Resources;
using Darq.Sidecar.Startup;
using Grpc.Core;

namespace Darq.Sidecar.Delivery;

/// <summary>
/// The subscriptions of clients that call the sidecar and take events from the answer. Each has a stream of its own at the component, and
/// ends with the client's; a stream that the component ends leaves the client waiting.
/// </summary>
internal sealed class StreamingSubscriptions(bool concurrent)
{
    private readonly Lock _lock = new();
    private readonly List<OpenSubscription> _open = [];

    /// <summary>Those that are open, as /v1.0/metadata shows them.</summary>
    public IReadOnlyList<SubscriptionManifest> Subscriptions
    {
        get
        {
            lock (_lock)
            {
                return [.. _open.Select(open => open.Manifest)];
            }
        }
    }

    /// <summary>Returns when the client is gone; throws <see cref="RpcException"/> for every other end.</summary>
    public async Task ServeAsync(
        PubSubComponent pubSub,
        SubscriptionManifest manifest,
        IAsyncStreamReader<SubscribeTopicEventsRequestAlpha1> requests,
        IServerStreamWriter<SubscribeTopicEventsResponseAlpha1> responses,
        CancellationToken gone
    )
    {
        using var client = new StreamingClient(pubSub.Name, manifest.Topic, responses);
        using var pull = new PullLoop(pubSub, manifest, new TopicDelivery(pubSub, manifest, client), concurrent);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(gone);
        var open = new OpenSubscription(manifest, pull, ending);
        Add(open);
        try
        {
            await client.WelcomeAsync(gone);
            await pull.StartAsync();
            await ReadAsync(client, requests, ending.Token);
        }
        catch (Exception) when (gone.IsCancellationRequested)
        {
            SidecarLog.Info($"unsubscribed from pubsub '{pubSub.Name}' topic '{manifest.Topic}'");
        }
        catch (OperationCanceledException)
        {
            throw Fault("stream closed");
        }
        finally
        {
            Remove(open);
            client.Leave();
            await pull.StopAsync();
        }
    }

    /// <summary>Waits for what the clients have in hand, then ends their streams.</summary>
    public async Task StopAsync()
    {
        OpenSubscription[] open;
        lock (_lock)
        {
            open = [.. _open];
        }

        await Task.WhenAll(open.Select(subscription => subscription.EndAsync()));
    }

    /// <summary>A status without a code of its own, as Go gives to plain errors.</summary>
    public static RpcException Fault(string text) => new(new(StatusCode.Unknown, text));

    private static async Task ReadAsync(
        StreamingClient client,
        IAsyncStreamReader<SubscribeTopicEventsRequestAlpha1> requests,
        CancellationToken cancellation
    )
    {
        while (await requests.MoveNext(cancellation))
        {
            if (requests.Current.EventProcessed is not { } processed)
            {
                throw Fault("duplicate initial request received");
            }

            if (!client.Answer(processed))
            {
                SidecarLog.Error($"no event of the id {processed.Id} waits for an answer of its client");
            }
        }

        throw Fault("EOF");
    }

    private void Add(OpenSubscription open)
    {
        lock (_lock)
        {
            _open.Add(open);
        }
    }

    private void Remove(OpenSubscription open)
    {
        lock (_lock)
        {
            _open.Remove(open);
        }
    }

    private sealed record OpenSubscription(SubscriptionManifest Manifest, PullLoop Pull, CancellationTokenSource Ending)
    {
        public async Task EndAsync()
        {
            await Pull.StopAsync();
            await Ending.CancelAsync();
        }
    }
}
