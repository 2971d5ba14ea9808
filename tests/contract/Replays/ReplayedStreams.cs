using System.Globalization;
using System.Text.Json.Nodes;
using Darq.Protos;
using Darq.Tests.Contract.Recordings;
using Darq.Tests.Shared;
using Darq.Tests.Shared.GrpcClient;

namespace Darq.Tests.Contract.Replays;

/// <summary>
/// The streams of the recorded sidecar. What the recorded component pushed is published here by another client; a delivery gets the
/// answer that was recorded for it once the replay has come to that line. Whatever else is delivered is acknowledged at once.
/// </summary>
internal sealed class ReplayedStreams(MessageLedger ledger) : IDisposable
{
    public const string NumberKey = "replay-number";

    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(3);

    private readonly Lock _lock = new();
    private readonly List<ReplayedStream> _streams = [];
    private readonly Queue<ReplayedStream> _unnamed = [];
    private readonly List<ReplayedPush> _pushes = [];
    private readonly List<string> _faults = [];
    private volatile bool _draining;

    public IReadOnlyList<string> Faults
    {
        get
        {
            lock (_lock)
            {
                return [.. _faults];
            }
        }
    }

    public IEnumerable<ReplayedStream> Open
    {
        get
        {
            lock (_lock)
            {
                return [.. _streams.Where(stream => !stream.Closed)];
            }
        }
    }

    public void OpenBinding(ReplayedConnection connection)
    {
        Resume(connection.Instance);
        var call = connection.Channel.Open("dapr.proto.components.v1.InputBinding/Read", new(connection.Headers));
        Start(new(call, isBinding: true, connection.Instance, connection.Group));
    }

    /// <summary>Opens a stream whose topic a later line names.</summary>
    public void OpenSubscription(ReplayedConnection connection)
    {
        var call = connection.Channel.Open("dapr.proto.components.v1.PubSub/PullMessages", new(connection.Headers));
        _unnamed.Enqueue(new(call, isBinding: false, connection.Instance, connection.Group));
    }

    public async Task NameAsync(JsonObject first)
    {
        var stream = _unnamed.Dequeue();
        var request = (PullMessagesRequest)MessageJson.Parse(PullMessagesRequest.Descriptor, ReplayedRequest.Restore(first));
        stream.Topic = request.Topic.Name;
        // The component sends again from the moment it sees the stream.
        Resume(stream.Instance);
        await stream.WriteAsync(request);
        Start(stream);
    }

    public void Expect(ReplayedPush push)
    {
        lock (_lock)
        {
            _pushes.Add(push);
        }
    }

    /// <summary>Lets the delivery of a pushed message have its answer, now or when it comes.</summary>
    public async Task AnswerAsync(string stream, bool isBinding, string id, JsonObject recorded)
    {
        ReplayedPush? push;
        lock (_lock)
        {
            push = _pushes.Find(push => push.Stream == stream && push.IsBinding == isBinding && push.Id == id && push.Answer is null);
            push?.Answer = new(ReplayedRequest.Restore(recorded));
        }

        if (push is { On: { } on, Delivery: { } delivery })
        {
            await AnswerAsync(push, on, delivery, push.Number);
        }
    }

    /// <summary>The delivery whose pushed bytes these are, which a sidecar publishes as they came.</summary>
    public async Task<ReplayedDelivery?> FindAsync(string topic, string data)
    {
        ReplayedPush? push;
        lock (_lock)
        {
            push = _pushes.Find(push => push.Data == data && push.Stream != topic);
        }

        if (push is not null)
        {
            await Eventually.TrueAsync(() => push.Delivery is not null, AnswerTime, $"the message '{push.Id}' is delivered");
        }

        return push?.Delivery;
    }

    /// <summary>Closes the oldest open stream of a name as a sidecar does: after its answers, with a reset.</summary>
    public async Task CloseAsync(string name, bool isBinding, Func<ReplayedStream, Task> settled)
    {
        var stream = Open.FirstOrDefault(stream => stream.IsBinding == isBinding && stream.Topic == name);
        if (stream is null)
        {
            return;
        }

        await Task.WhenAny(AnsweredAsync(stream), Task.Delay(AnswerTime));
        await settled(stream);
        stream.Close();
        await stream.Reading;
    }

    /// <summary>The recording is over: from now on the app takes also what had no answer there.</summary>
    public void Drain() => _draining = true;

    public async Task CloseAllAsync(Func<ReplayedStream, Task> settled)
    {
        foreach (var stream in Open)
        {
            await CloseAsync(stream.Topic, stream.IsBinding, settled);
        }
    }

    /// <summary>Every stream is over with what the component does now, which is dying.</summary>
    public async Task LoseAllAsync(Func<Task> dying)
    {
        ReplayedStream[] lost = [.. Open];
        foreach (var stream in lost)
        {
            stream.Lose();
        }

        await dying();
        await Task.WhenAll(lost.Select(stream => stream.Reading));
    }

    /// <summary>The end of the sidecar without a word.</summary>
    public async Task ResetAllAsync()
    {
        foreach (var stream in Open)
        {
            stream.Close();
            await stream.Reading;
        }
    }

    public void Pause(string instance)
    {
        foreach (var stream in Open.Where(stream => stream.Instance == instance))
        {
            stream.LastBeforePause = ledger.LastNumber;
        }
    }

    public void Resume(string instance)
    {
        foreach (var stream in Open.Where(stream => stream.Instance == instance))
        {
            stream.LastBeforePause = int.MaxValue;
        }
    }

    public void Dispose()
    {
        _streams.ForEach(stream => stream.Dispose());
        foreach (var stream in _unnamed)
        {
            stream.Dispose();
        }
    }

    private void Start(ReplayedStream stream)
    {
        ledger.Subscribe(stream.Group, stream.Log);
        lock (_lock)
        {
            _streams.Add(stream);
        }

        stream.Reading = ReadAsync(stream);
    }

    private async Task ReadAsync(ReplayedStream stream)
    {
        while (await stream.NextAsync() is { } delivery)
        {
            if (AnswerForm.Fault(stream, delivery) is { } fault)
            {
                Report($"a delivery on {stream}: {fault}");
            }

            var number = int.Parse(delivery.Metadata[NumberKey], CultureInfo.InvariantCulture);
            var isFirst = ledger.Deliver(stream, number);
            await AnswerAsync(isFirst ? Take(stream, number, delivery) : null, stream, delivery, number);
        }

        if (!stream.Closed)
        {
            Report($"{stream} ended by itself: {stream.Status}");
        }
    }

    private ReplayedPush? Take(ReplayedStream stream, int number, ReplayedDelivery delivery)
    {
        lock (_lock)
        {
            var push = _pushes.Find(push => push.Number == number);
            push?.Delivered(stream, delivery);
            return push;
        }
    }

    private async Task AnswerAsync(ReplayedPush? push, ReplayedStream stream, ReplayedDelivery delivery, int number)
    {
        ReplayedAnswer? answer;
        lock (_lock)
        {
            answer = push?.Answer ?? (push is null || _draining ? ReplayedAnswer.Success : null);
            if (answer is null || (push is not null && push.Answered))
            {
                return;
            }

            push?.Answered = true;
        }

        try
        {
            await SendAsync(stream, delivery, number, answer);
        }
        catch (GrpcCallException) when (stream.Closed)
        {
            // The sidecar closed the stream, or the component died: the message comes again.
        }
    }

    /// <summary>A message may come again before the write of its nack returns, so that is noted first.</summary>
    private async Task SendAsync(ReplayedStream stream, ReplayedDelivery delivery, int number, ReplayedAnswer answer)
    {
        if (!answer.IsAckOf(stream))
        {
            ledger.Nack(stream, number);
        }

        await stream.AnswerAsync(delivery, answer);
        if (answer.IsAckOf(stream))
        {
            ledger.Ack(stream, number);
        }
    }

    private Task AnsweredAsync(ReplayedStream stream) =>
        stream.LastBeforePause < int.MaxValue
            ? Task.CompletedTask
            : Eventually.TrueAsync(
                () =>
                {
                    lock (_lock)
                    {
                        return _pushes.TrueForAll(push => push.Stream != stream.Topic || push.Answer is null || push.Answered);
                    }
                },
                AnswerTime,
                "every recorded answer is given"
            );

    private void Report(string fault)
    {
        lock (_lock)
        {
            _faults.Add(fault);
        }
    }
}
