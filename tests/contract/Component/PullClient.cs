using Darq.Protos;
using Darq.Tests.Shared.GrpcClient;

namespace Darq.Tests.Contract;

/// <summary>The sidecar's side of one subscription: opens the stream with a topic, reads deliveries, answers them.</summary>
internal sealed class PullClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly GrpcDuplexCall _call;
    private Task<PullMessagesResponse?>? _reading;

    private PullClient(GrpcDuplexCall call) => _call = call;

    public GrpcStatus? Status => _call.Status;

    public static async Task<PullClient> OpenAsync(ComponentClient client, string topic, params (string Key, string Value)[] metadata)
    {
        var pull = new PullClient(client.Open("PubSub/PullMessages", forever: true));
        var request = new PullMessagesRequest { Topic = new Topic { Name = topic } };
        foreach (var (key, value) in metadata)
        {
            request.Topic.Metadata[key] = value;
        }

        await pull._call.WriteAsync(request);
        return pull;
    }

    /// <summary>The next delivery; fails if none comes or the stream ends.</summary>
    public async Task<PullMessagesResponse> NextAsync()
    {
        var delivery = await Reading().WaitAsync(Patience);
        _reading = null;
        return delivery ?? throw new InvalidOperationException($"The stream ended: {Status}");
    }

    /// <summary>The next delivery, whenever it comes; null where the stream ends.</summary>
    public async Task<PullMessagesResponse?> NextAsync(CancellationToken cancellation)
    {
        var delivery = await Reading().WaitAsync(cancellation);
        _reading = null;
        return delivery;
    }

    /// <summary>Whether nothing comes for a while.</summary>
    public async Task<bool> IsQuietAsync(TimeSpan time) => await Task.WhenAny(Reading(), Task.Delay(time)) != Reading();

    public async Task<GrpcStatus> EndAsync()
    {
        if (await Reading().WaitAsync(Patience) is { } delivery)
        {
            throw new InvalidOperationException($"A delivery came instead of the end: {delivery}");
        }

        return Status!;
    }

    public Task AckAsync(string id) => _call.WriteAsync(new PullMessagesRequest { AckMessageId = id });

    public Task NackAsync(string id, string error = "failed") =>
        _call.WriteAsync(
            new PullMessagesRequest
            {
                AckMessageId = id,
                AckError = new AckMessageError { Message = error },
            }
        );

    public void Dispose() => _call.Dispose();

    private Task<PullMessagesResponse?> Reading() => _reading ??= _call.ReadAsync(PullMessagesResponse.Parser).AsTask();
}
