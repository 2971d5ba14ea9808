using Darq.Engine.Core;
using Darq.Protos;
using Darq.Tests.Shared.GrpcClient;
using Google.Protobuf;

namespace Darq.Tests.Contract.Replays;

/// <summary>A delivery, of a subscription or of an input binding.</summary>
internal sealed record ReplayedDelivery(string Token, string Topic, ByteString Data, IReadOnlyDictionary<string, string> Metadata);

/// <summary>One stream of the recorded sidecar: of a subscription, or of an input binding, which is named by its instance.</summary>
internal sealed class ReplayedStream(GrpcDuplexCall call, bool isBinding, string instance, string group) : IDisposable
{
    private volatile bool _closed;

    public bool IsBinding => isBinding;

    public string Instance => instance;

    public string Group => group;

    public string Topic { get; set; } = isBinding ? instance : "";

    /// <summary>The topic whose messages it delivers; ~k names one of its streams.</summary>
    public string Log => LogOf(Topic);

    public static string LogOf(string topic) => Limits.NamesFurtherStream(topic) ? topic[..topic.LastIndexOf('~')] : topic;

    /// <summary>Whether the sidecar or a death of the component closed it.</summary>
    public bool Closed => _closed;

    /// <summary>The last message that was published before its instance was paused.</summary>
    public int LastBeforePause { get; set; } = int.MaxValue;

    public GrpcStatus? Status => call.Status;

    public Task Reading { get; set; } = Task.CompletedTask;

    public Task WriteAsync(IMessage message) => call.WriteAsync(message);

    /// <summary>The next delivery, or null when the stream is over.</summary>
    public async ValueTask<ReplayedDelivery?> NextAsync()
    {
        if (isBinding)
        {
            return await call.ReadAsync(ReadResponse.Parser) is { } read ? new(read.MessageId, Topic, read.Data, read.Metadata) : null;
        }

        return await call.ReadAsync(PullMessagesResponse.Parser) is { } pulled
            ? new(pulled.Id, pulled.TopicName, pulled.Data, pulled.Metadata)
            : null;
    }

    public Task AnswerAsync(ReplayedDelivery delivery, ReplayedAnswer answer) =>
        WriteAsync(isBinding ? answer.OfBinding(delivery.Token) : answer.OfSubscription(delivery.Token));

    /// <summary>The component is about to die.</summary>
    public void Lose() => _closed = true;

    public void Close()
    {
        _closed = true;
        call.Cancel();
    }

    public void Dispose() => call.Dispose();

    public override string ToString() => $"the stream of {instance} on {Topic}";
}
