using System.Collections.Concurrent;
using Darq.Engine.Core;

namespace Darq.Engine.Subscriptions.Deliveries;

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
    private readonly ConcurrentQueue<Delivery> _outgoing = new();

    // Held by whoever writes.
    private readonly SemaphoreSlim _writing = new(1, 1);
    private volatile bool _broken; // nothing is written any more

    // Under the subscription's lock.
    private readonly SortedDictionary<long, Entry> _unanswered = [];
    private int _window;
    private bool _paused;
    private bool _closed;

    public DeliveryStream(Subscription subscription, string subscribedTopic, SubscriptionOptions options, IDeliverySink sink)
    {
        (_subscription, SubscribedTopic, _options, _sink) = (subscription, subscribedTopic, options, sink);
        _window = options.Concurrent ? options.MaxInFlight : Math.Min(2, options.MaxInFlight);
    }

    public string SubscribedTopic { get; }

    // An answer to what is still on its way out, which only a confused peer gives, must not make room there.
    public bool HasRoom => !_closed && !_broken && !_paused && _unanswered.Count < _window && _outgoing.Count < _options.MaxInFlight;

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

    /// <summary>
    /// Ends the stream and releases what is unanswered without counting a failure. Returns once nothing more is sent. Safe to repeat.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        _subscription.Detach(this);
        _closing.CancelHere();
        await _writing.WaitAsync(CancellationToken.None);
        _broken = true;
        _writing.Release();
    }

    /// <summary>Under the subscription's lock; <see cref="WriteOut"/> has to follow without it. Bounded by <see cref="HasRoom"/>.</summary>
    public void Send(long number, Entry entry, Delivery delivery)
    {
        _unanswered.Add(number, entry);
        _outgoing.Enqueue(delivery);
    }

    /// <summary>Writes what is to go out, here and now if nobody else is at it, who would then take it along.</summary>
    public void WriteOut()
    {
        // Ends by itself when nothing is left, and before the stream is closed.
        if (MayBegin())
        {
            _ = WriteAsync();
        }
    }

    /// <summary>Takes the delivery off the stream; null if it is not out. Under the subscription's lock.</summary>
    public Entry? Take(DeliveryToken token, bool answered)
    {
        var number = token.Number;
        if (!_unanswered.TryGetValue(number, out var entry))
        {
            return null;
        }

        if (entry.Message.StreamId != token.Message || entry.Lane.Partition != token.Partition)
        {
            return null;
        }

        var overtook = answered && _unanswered.Keys.First() != number;
        _unanswered.Remove(number);
        if (overtook)
        {
            _window = Math.Min(_options.MaxInFlight, _window * 2);
        }

        return entry;
    }

    /// <summary>Closes it to new messages and hands back what is unanswered. Under the subscription's lock.</summary>
    public IReadOnlyList<Entry> Close()
    {
        if (_closed)
        {
            return [];
        }

        _closed = true;
        Entry[] left = [.. _unanswered.Values];
        _unanswered.Clear();
        return left;
    }

    private async Task WriteAsync()
    {
        do
        {
            try
            {
                while (!_broken && _outgoing.TryDequeue(out var delivery))
                {
                    await _sink.SendAsync(delivery, _closing.Token);
                }
            }
            catch (Exception)
            {
                // The peer is gone; whoever reads from it closes the stream, and what was not answered goes to another.
                _broken = true;
            }
            finally
            {
                _writing.Release();
            }
        } while (!_broken && MayBegin());
    }

    /// <summary>Whether there is something to write, and it is for the caller to do so.</summary>
    private bool MayBegin() => !_outgoing.IsEmpty && _writing.Wait(0, CancellationToken.None);
}
