using System.Threading.Channels;
using Darq.Partitions;

namespace Darq.Lanes;

/// <summary>
/// One consumer of a subscription: a pull stream or the read stream of a binding. It has a window of messages that may be
/// out unanswered, which starts at two, because a serial sidecar would only hold more of them unread, and doubles
/// whenever an answer overtakes another, which only a concurrent one can cause.
/// </summary>
internal sealed class DeliveryStream : IAsyncDisposable
{
    private readonly Subscription _subscription;
    private readonly IDeliverySink _sink;
    private readonly SubscriptionOptions _options;
    private readonly CancellationTokenSource _closing = new();
    private readonly Channel<Delivery> _outgoing;
    private readonly Task _writing;

    // Under the subscription's lock.
    private readonly SortedDictionary<long, Entry> _unanswered = [];
    private int _window;
    private bool _paused;
    private bool _closed;

    public DeliveryStream(Subscription subscription, string subscribedTopic, SubscriptionOptions options, IDeliverySink sink)
    {
        (_subscription, SubscribedTopic, _options, _sink) = (subscription, subscribedTopic, options, sink);
        _window = options.Concurrent ? options.MaxInFlight : Math.Min(2, options.MaxInFlight);
        // As many as may be out, so a write to it never has to wait.
        _outgoing = Channel.CreateBounded<Delivery>(new BoundedChannelOptions(options.MaxInFlight) { SingleReader = true });
        _writing = WriteAsync();
    }

    public string SubscribedTopic { get; }

    // An answer to what is still on its way out, which only a confused peer gives, must not make room there.
    public bool HasRoom => !_closed && !_paused && _unanswered.Count < _window && _outgoing.Reader.Count < _options.MaxInFlight;

    public bool IsOpen => !_closed;

    /// <summary>Whether it wants messages, now or later.</summary>
    public bool IsTaking => !_closed && !_paused;

    /// <summary>Counts the message as done with. Unknown, answered and superseded tokens change nothing.</summary>
    public void Ack(string token) => _subscription.Answer(this, token, failed: false);

    /// <summary>Counts a failure and delivers again later. Unknown, answered and superseded tokens change nothing.</summary>
    public void Nack(string token) => _subscription.Answer(this, token, failed: true);

    /// <summary>Gives the message back without counting a failure, to be delivered again at once.</summary>
    public void Release(string token) => _subscription.Release(this, token);

    /// <summary>Sends nothing new until <see cref="Resume"/>; answers are still taken. Safe to repeat.</summary>
    public void Pause() => _subscription.SetPaused(() => _paused = true);

    public void Resume() => _subscription.SetPaused(() => _paused = false);

    /// <summary>Ends the stream and releases what is unanswered without counting a failure. Returns once nothing more is sent.</summary>
    public async ValueTask DisposeAsync()
    {
        _subscription.Detach(this);
        _closing.CancelHere();
        await _writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    /// <summary>Under the subscription's lock.</summary>
    public void Send(long number, Entry entry, Delivery delivery)
    {
        _unanswered.Add(number, entry);
        if (!_outgoing.Writer.TryWrite(delivery)) throw new InvalidOperationException("A stream was given more messages than its window has room for.");
    }

    /// <summary>Takes the delivery off the stream; null if it is not out. Under the subscription's lock.</summary>
    public Entry? Take(DeliveryToken token, bool answered)
    {
        var number = token.Number;
        if (!_unanswered.TryGetValue(number, out var entry)) return null;
        if (entry.Message.StreamId != token.Message || entry.Lane.Partition != token.Partition) return null;
        var overtook = answered && _unanswered.Keys.First() != number;
        _unanswered.Remove(number);
        if (overtook) _window = Math.Min(_options.MaxInFlight, _window * 2);
        return entry;
    }

    /// <summary>Closes it to new messages and hands back what is unanswered. Under the subscription's lock.</summary>
    public IReadOnlyList<Entry> Close()
    {
        if (_closed) return [];
        _closed = true;
        _outgoing.Writer.TryComplete();
        Entry[] left = [.. _unanswered.Values];
        _unanswered.Clear();
        return left;
    }

    private async Task WriteAsync()
    {
        // ReadAllAsync would go through the thread pool, where the simulator cannot decide the order.
        while (await _outgoing.Reader.WaitToReadAsync(_closing.Token))
        {
            while (_outgoing.Reader.TryRead(out var delivery)) await _sink.SendAsync(delivery, _closing.Token);
        }
    }
}
