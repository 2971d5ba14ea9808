using System.Collections.Concurrent;
using Darq.Engine.Core;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Subscriptions.Deliveries;

/// <summary>
/// One consumer of a subscription: a pull stream or the read stream of a binding. Which messages it gets is the core's business; this
/// writes them, one at a time, on the thread that brings something to write.
/// </summary>
internal sealed class DeliveryStream(
    GuardedCore core,
    Action announce,
    string subscribedTopic,
    SubscriptionOptions options,
    AppPresence app,
    IDeliverySink sink,
    ILogger log
) : IDeliveryOutlet, IAsyncDisposable
{
    private readonly CancellationTokenSource _closing = new();
    private readonly ConcurrentQueue<Delivery> _outgoing = new();

    // Held by the one who writes.
    private readonly SemaphoreSlim _writing = new(1, 1);
    private volatile bool _broken; // nothing is written any more
    private StreamWindow? _window;

    public string SubscribedTopic => subscribedTopic;

    public bool IsOpen => _window?.IsClosed == false;

    // An answer to what is still on its way out, which only a confused peer gives, must not make room there.
    public bool HasRoom => !_broken && _outgoing.Count < options.MaxInFlight;

    /// <summary>Lets it take part.</summary>
    public void Open()
    {
        core.Apply(
            (this, options, app),
            static (core, stream, now) => stream.Item1._window = core.Open(stream.Item1, stream.options, stream.app, now)
        );
        app.Changed += core.OnAppChanged;
        announce();
    }

    /// <summary>Counts the message as done with. Unknown, answered and superseded tokens change nothing.</summary>
    public void Ack(string token) => Answer(token, Deliveries.Answer.Ack);

    /// <summary>Counts a failure and delivers again later. Unknown, answered and superseded tokens change nothing.</summary>
    public void Nack(string token) => Answer(token, Deliveries.Answer.Nack);

    /// <summary>The app is not there: delivers again later without counting a failure.</summary>
    public void NackAsGone(string token) => Answer(token, Deliveries.Answer.AppGone);

    /// <summary>Counts the message as done where a step consumed it, else a failure.</summary>
    public void AnswerWithoutStep(string token) => Answer(token, Deliveries.Answer.Unclear);

    /// <summary>Its step had a conflict: delivers again at once, and counts a failure from the fourth time on.</summary>
    /// <param name="token">Of the delivery.</param>
    /// <param name="keys">Whose values were others, as the app names them.</param>
    public void Conflict(string token, string keys) => Answer(token, Deliveries.Answer.Conflict, keys);

    /// <summary>Counts a failure because the step that the app answered did not take effect.</summary>
    public void RefuseStep(string token) => Answer(token, Deliveries.Answer.StepRefused);

    /// <summary>Redis could not take the step that the app answered: delivers again later without counting a failure.</summary>
    public void Postpone(string token) => Answer(token, Deliveries.Answer.Postponed);

    /// <summary>Counts a failure because the message could not be handed to the app.</summary>
    public void Return(string token) => Answer(token, Deliveries.Answer.Undeliverable);

    /// <summary>Gives the message back without counting a failure, to be delivered again at once.</summary>
    public void Release(string token) => Answer(token, Deliveries.Answer.Release);

    /// <summary>Sends nothing new until <see cref="Resume"/>; answers are still taken. Safe to repeat.</summary>
    public void Pause() => SetPaused(true);

    public void Resume() => SetPaused(false);

    /// <summary>Sends nothing new any more, because the peer has gone; answers are still taken until the end. Safe to repeat.</summary>
    public void Finish()
    {
        core.Apply(_window!, static (core, window, _) => core.Finish(window));
        announce();
    }

    /// <summary>
    /// Ends the stream and releases what is unanswered without counting a failure. Returns once nothing more is sent. Safe to repeat.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        Close();
        _closing.CancelHere();
        await _writing.WaitAsync(CancellationToken.None);
        _broken = true;
        _writing.Release();
    }

    /// <summary>Takes it out; what it writes at the moment may still go out. Safe to repeat.</summary>
    public void Close()
    {
        app.Changed -= core.OnAppChanged;
        core.Apply(_window!, static (core, window, now) => core.Close(window, now));
        announce();
    }

    public void Send(Delivery delivery) => _outgoing.Enqueue(delivery);

    public void WriteOut()
    {
        // Ends by itself when nothing is left, and before the stream is closed.
        if (MayBegin())
        {
            _ = WriteAsync();
        }
    }

    private void Answer(string token, Answer answer, string conflictKeys = "")
    {
        if (!DeliveryToken.TryParse(token, out var parsed))
        {
            return;
        }

        try
        {
            core.Apply(
                (_window!, parsed, answer, conflictKeys),
                static (core, answered, now) => core.OnAnswer(answered.Item1, answered.parsed, answered.answer, now, answered.conflictKeys)
            );
        }
        catch (Exception fault)
        {
            // A fault of ours must not end the sidecar's stream, which it would never open again.
            log.AnswerFailed(parsed.Group, parsed.Topic, fault);
        }
    }

    private void SetPaused(bool paused)
    {
        core.Apply((_window!, paused), static (core, stream, _) => core.SetPaused(stream.Item1, stream.paused));
        announce();
    }

    private async Task WriteAsync()
    {
        do
        {
            try
            {
                while (!_broken && _outgoing.TryDequeue(out var delivery))
                {
                    await WriteAsync(delivery);
                }
            }
            catch (Exception fault)
            {
                // The peer is gone; the one who reads from it closes the stream, and what was not answered goes to another.
                _broken = true;
                if (!_closing.IsCancellationRequested)
                {
                    log.StreamTookNothingMore(subscribedTopic, fault.Message);
                }
            }
            finally
            {
                _writing.Release();
            }
        } while (!_broken && MayBegin());
    }

    private async ValueTask WriteAsync(Delivery delivery)
    {
        try
        {
            await sink.SendAsync(delivery, _closing.Token);
        }
        catch (UndeliverableException damaged)
        {
            log.MessageWasUndeliverable(delivery.MessageTopic, delivery.Message.Id, damaged.Message);
            Return(delivery.Token);
        }
    }

    /// <summary>Whether there is something to write, and it is for the caller to do so.</summary>
    private bool MayBegin() => !_outgoing.IsEmpty && _writing.Wait(0, CancellationToken.None);
}

/// <summary>A message cannot be put into the form that an app gets it in: its data is damaged.</summary>
internal sealed class UndeliverableException(Exception damage) : Exception(damage.Message, damage);
