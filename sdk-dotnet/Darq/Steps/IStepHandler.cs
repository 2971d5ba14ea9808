namespace Darq;

/// <summary>A class that handles the messages of a topic, each as one step; mapped by <c>MapStep&lt;T, THandler&gt;("topic")</c>.</summary>
/// <typeparam name="T">The type of the message's data.</typeparam>
public interface IStepHandler<in T>
{
    /// <summary>
    /// Handles a message. What it reads, writes and emits by <paramref name="step"/> takes effect as one unit when it returns, or not at
    /// all when it throws; then the message comes again. It may run several times for one message, of which one takes effect: what it
    /// does elsewhere has to bear repetition, for which <see cref="Step.IdempotencyKey"/> is the same each time.
    /// </summary>
    /// <param name="message">The data of the message.</param>
    /// <param name="step">The step; its <see cref="Step.CancellationToken"/> ends with the request of the sidecar.</param>
    Task HandleAsync(T message, Step step);
}
