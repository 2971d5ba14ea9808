using System.Globalization;
using Darq.Sidecar;
using Darq.Steps;

namespace Darq;

/// <summary>
/// One resilient step: the message that it consumes, the state that it changes and the messages that it emits, which take effect together
/// and once, or not at all. What a handler does to it is kept until the handler returns, and then sent; a handler that throws has done
/// nothing. It is for its handler alone: after that every member but the plain properties throws
/// <see cref="InvalidOperationException"/>. Members may be called by several threads.
/// </summary>
public sealed class Step
{
    private readonly StepSource _source;
    private readonly StepBuffer _buffer;
    private readonly DurabilityBarrier _barrier;
    private readonly Func<Task> _extend;
    private readonly PayloadJson _json;

    internal Step(
        StepSource source,
        StepBuffer buffer,
        DurabilityBarrier barrier,
        Func<Task> extend,
        PayloadJson json,
        CancellationToken cancellationToken
    )
    {
        (_source, _buffer, _barrier, _extend, _json, CancellationToken) = (source, buffer, barrier, extend, json, cancellationToken);
        State = new StepState(buffer, json);
    }

    /// <summary>The app's state, as this step reads and writes it.</summary>
    public StepState State { get; }

    /// <summary>The topic of the message; empty for a step that <see cref="IDarqClient.RunStepAsync"/> began.</summary>
    public string Topic => _source.Topic;

    /// <summary>The id of the message, the same in every attempt; of a step that has a name, its name.</summary>
    public string MessageId => _source.Id;

    /// <summary>
    /// The same text in every attempt at this message and another for every other message: what a payment, a mail or any call outside
    /// Redis gives along, so that its repetition is recognised there.
    /// </summary>
    public string IdempotencyKey => _source.IdempotencyKey;

    /// <summary>Which attempt this is: 1 for the first. It counts failed deliveries, not runs after a conflict.</summary>
    public int Attempt => _source.Attempt;

    /// <summary>
    /// The headers of the delivery, in any case, among them the publisher's own metadata; values that are not plain ASCII are
    /// percent-encoded. Empty for a step that has a name.
    /// </summary>
    public IReadOnlyDictionary<string, string> Headers => _source.Headers;

    /// <summary>
    /// Ends when the sidecar gives up its request, and after <see cref="DarqOptions.ProcessingTimeout"/> or what
    /// <c>WithProcessingTimeout</c> sets instead, which <see cref="ExtendAsync"/> begins anew; of a step that has a name, with the token of
    /// its caller. A handler that heeds it leaves nothing half done: nothing was sent.
    /// </summary>
    public CancellationToken CancellationToken { get; }

    /// <summary>
    /// Waits until the message of this step, and what the handler has read so far, are durable, so that no crash takes back what the
    /// handler acts on: before a payment or a mail in a subscription with <c>releaseAt: applied</c>. It says nothing of what the step
    /// itself does, which is sent later. Of a step that has a name it waits for all that was applied before. Where durability is not
    /// reached, as while replicas are away, it goes on waiting. Needs <see cref="DarqOptions.Binding"/>. Safe to repeat.
    /// </summary>
    /// <param name="timeout">How long it waits; null until <see cref="CancellationToken"/> ends.</param>
    /// <returns>
    /// True; false where the level of durability in force promises nothing: <c>durability</c> is <c>reply</c>, or <c>auto</c> that found
    /// neither replicas nor <c>appendfsync always</c>.
    /// </returns>
    /// <exception cref="StepException">
    /// The message was undone, or something that the handler has read may have been (<see cref="StepOutcome.RolledBack"/>): let it go, the
    /// attempt fails, and the message comes again if it is still there. Or the time is over (<see cref="StepOutcome.Unknown"/>).
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">The timeout is not above zero.</exception>
    /// <exception cref="InvalidOperationException">The step is over, or no binding is set.</exception>
    /// <exception cref="OperationCanceledException"><see cref="CancellationToken"/> has ended.</exception>
    public async Task<bool> BarrierAsync(TimeSpan? timeout = null)
    {
        var hasRead = _buffer.HasRead();
        string[] positions = Headers.TryGetValue("darq-position", out var position) ? [position] : [];
        var answer = await _barrier.WaitAsync(positions, timeout, CancellationToken).ConfigureAwait(false);
        // What was read has no position here; in the world-line of the delivery none of it can have been undone.
        if (hasRead && WorldLine is { } worldLine && answer.WorldLine > worldLine)
        {
            throw new StepException(
                StepOutcome.RolledBack,
                $"The barrier was not reached: Redis was recovered since the {_source} was delivered, and what its handler has read may "
                    + "be lost."
            );
        }

        return answer.IsDurable;
    }

    /// <summary>
    /// Begins the processing time anew, for work that goes on and takes longer than <see cref="DarqOptions.ProcessingTimeout"/>: from the
    /// call on the handler has the whole of it once more, before the component counts the attempt as failed and before
    /// <see cref="CancellationToken"/> ends. Call it while time is left, such as at a third of it; a call that was late does not bring the
    /// attempt back. Needs <see cref="DarqOptions.Binding"/>, of the sidecar that delivers the messages. It does not extend what the
    /// sidecar itself allows, such as a timeout in a resiliency policy. Safe to repeat.
    /// </summary>
    /// <returns>When the component has answered, which takes at most 10 seconds.</returns>
    /// <exception cref="StepException">
    /// It did not begin anew: the attempt was over already (<see cref="StepOutcome.Stale"/>), and the message may be elsewhere by now, so
    /// end; it is not known whether it did (<see cref="StepOutcome.Unknown"/>), so call it again; or the binding refused it
    /// (<see cref="StepOutcome.Refused"/>), so correct <see cref="DarqOptions.Binding"/>.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// The step is over; it has a name and so no delivery (its time is that of the caller's token); or no binding is set.
    /// </exception>
    /// <exception cref="OperationCanceledException"><see cref="CancellationToken"/> has ended.</exception>
    public Task ExtendAsync()
    {
        _buffer.CheckOpen();
        return _extend();
    }

    private long? WorldLine =>
        Headers.TryGetValue("darq-world-line", out var text) && long.TryParse(text, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    /// <summary>Publishes a message when the step takes effect, and only then.</summary>
    /// <typeparam name="T">The type of its data.</typeparam>
    /// <param name="topic">The topic: 1 to 255 bytes of UTF-8.</param>
    /// <param name="data">The data, which becomes JSON now; later changes to the object are not seen.</param>
    /// <param name="key">Messages of one key are handled one after the other, in order; null for one without order.</param>
    /// <param name="id">
    /// The message's id, known for the component's <c>dedupWindow</c> (10 minutes): a second message with it is dropped. Null makes it of
    /// this step's message, which is right unless two different steps emit the same.
    /// </param>
    /// <param name="timeToLive">After that it is not delivered any more; whole seconds, rounded up. Null for ever.</param>
    /// <exception cref="ArgumentException">The topic is empty, or the time to live is not above zero.</exception>
    /// <exception cref="InvalidOperationException">The step is over, or the type has no JSON form.</exception>
    public void Emit<T>(string topic, T data, string? key = null, string? id = null, TimeSpan? timeToLive = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(topic);
        _buffer.Emit(new EmittedMessage(topic, _json.Serialize(data), key, id, Lifetime.Seconds(timeToLive)));
    }
}
