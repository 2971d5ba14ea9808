namespace Darq;

/// <summary>Publishes, and runs steps that no message begins: for code that is no handler. It may be used by many threads.</summary>
public interface IDarqClient
{
    /// <summary>
    /// Publishes a message. Safe to repeat: the id says what happened, and a second message with it is dropped within the component's
    /// <c>dedupWindow</c> (10 minutes). So take it from what the message is about, such as the number of the order, and an app that
    /// crashes and begins again publishes nothing twice. It is repeated by itself, five times, where no answer comes: within
    /// some seconds, or a minute if calls hang, each of which gets 10 seconds.
    /// </summary>
    /// <typeparam name="T">The type of the data.</typeparam>
    /// <param name="topic">The topic: 1 to 255 bytes of UTF-8.</param>
    /// <param name="id">What happened: 1 to 1,024 bytes of UTF-8, the same whenever this message is published again.</param>
    /// <param name="data">The data.</param>
    /// <param name="key">
    /// Messages of one key are handled one after the other, in order; null for one without order. The same id with another key is another
    /// message.
    /// </param>
    /// <param name="timeToLive">After that it is not delivered any more; whole seconds, rounded up. Null for ever.</param>
    /// <param name="cancellationToken">Ends the waiting; the message may have been published then.</param>
    /// <exception cref="ArgumentException">The topic, id or key is empty, or the time to live not above zero.</exception>
    /// <exception cref="StepException">
    /// It was not published (<see cref="StepOutcome.Full"/>, <see cref="StepOutcome.TooLarge"/>, <see cref="StepOutcome.Refused"/>), or
    /// may have been (<see cref="StepOutcome.Unknown"/>).
    /// </exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    Task PublishAsync<T>(
        string topic,
        string id,
        T data,
        string? key = null,
        TimeSpan? timeToLive = null,
        CancellationToken cancellationToken = default
    );

    /// <summary>
    /// Publishes several messages, each as <see cref="PublishAsync"/> does and as safe to repeat: a call that failed in part is simply made
    /// again with the same ids. Not all or nothing, which only a step's <see cref="Step.Emit"/> is. Up to 16 calls to the sidecar are under
    /// way at once, one for each message, since the bulk call of Dapr's client takes no id with a message. Messages of one key are
    /// published one after the other, in the order given; after one that fails the others of its key are not tried, and after one that
    /// ends without an answer no other at all. All are held in memory as JSON before the first is sent: give it some thousands at a time.
    /// </summary>
    /// <typeparam name="T">The type of the data.</typeparam>
    /// <param name="topic">The topic: 1 to 255 bytes of UTF-8.</param>
    /// <param name="messages">The messages.</param>
    /// <param name="cancellationToken">Ends the waiting; some messages may have been published then.</param>
    /// <returns>The messages that failed, by their ids; <see cref="PublishReport.ThrowIfFailed"/> where none should have.</returns>
    /// <exception cref="ArgumentException">
    /// The topic, an id or a key is empty, an id is given twice, a message is null, or a time to live is not above zero: nothing was sent.
    /// </exception>
    /// <exception cref="InvalidOperationException">The type has no JSON form: nothing was sent.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    Task<PublishReport> PublishAllAsync<T>(
        string topic,
        IEnumerable<OutgoingMessage<T>> messages,
        CancellationToken cancellationToken = default
    );

    /// <summary>
    /// Runs a step that consumes no message: state and messages that belong together, as when an account is opened. Safe to repeat: a
    /// second step with the id changes nothing within the component's <c>stepRetention</c> (10 minutes), though its handler runs.
    /// </summary>
    /// <param name="id">What happens: 1 to 1,024 bytes of UTF-8, the same whenever this is done again.</param>
    /// <param name="handler">What to do; it may run several times, of which one takes effect.</param>
    /// <param name="cancellationToken">Ends the waiting; once the step is being sent it goes on and its outcome is returned.</param>
    /// <returns><see cref="StepOutcome.Applied"/>, or <see cref="StepOutcome.Duplicate"/> where that is known.</returns>
    /// <exception cref="ArgumentException">The id is empty.</exception>
    /// <exception cref="StepException">It did not take effect, or may have (<see cref="StepOutcome.Unknown"/>).</exception>
    /// <exception cref="OperationCanceledException">It was cancelled before it was sent.</exception>
    Task<StepOutcome> RunStepAsync(string id, Func<Step, Task> handler, CancellationToken cancellationToken = default);

    /// <summary>
    /// Waits until something is durable: before something outside comes to know of it, where answers or messages are speculative. Needs
    /// <see cref="DarqOptions.Binding"/>. Safe to repeat.
    /// </summary>
    /// <param name="positions">
    /// What has to be durable: up to 1,000 positions, such as the header <c>darq-position</c> of a delivery. Null waits for all that Redis
    /// had applied when the component got the call, and says nothing of what was lost before.
    /// </param>
    /// <param name="timeout">How long to wait, also while replicas or Redis are away; null for 30 seconds.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>
    /// True; false where the level of durability in force promises nothing: <c>durability</c> is <c>reply</c>, or <c>auto</c> that found
    /// neither replicas nor <c>appendfsync always</c>.
    /// </returns>
    /// <exception cref="StepException">
    /// A position was undone (<see cref="StepOutcome.RolledBack"/>), is in no form that is accepted (<see cref="StepOutcome.Refused"/>), or
    /// is not durable in time (<see cref="StepOutcome.Unknown"/>).
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">The timeout is not above zero.</exception>
    /// <exception cref="InvalidOperationException">No binding is set.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    Task<bool> BarrierAsync(
        IReadOnlyList<string>? positions = null,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default
    );
}
