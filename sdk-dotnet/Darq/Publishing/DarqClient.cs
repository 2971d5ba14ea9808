using Darq.Sidecar;
using Darq.Steps;

namespace Darq.Publishing;

/// <inheritdoc cref="IDarqClient"/>
internal sealed class DarqClient(MessagePublisher publisher, StepRunner steps, DurabilityBarrier barrier) : IDarqClient
{
    private static readonly TimeSpan StandardTimeout = TimeSpan.FromSeconds(30);

    public async Task PublishAsync<T>(
        string topic,
        string id,
        T data,
        string? key = null,
        TimeSpan? timeToLive = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentException.ThrowIfNullOrEmpty(topic);
        var message = publisher.Prepare(id, data, key, timeToLive);
        if (await publisher.PublishAsync(topic, message, cancellationToken).ConfigureAwait(false) is { } failure)
        {
            throw failure;
        }
    }

    public Task<PublishReport> PublishAllAsync<T>(
        string topic,
        IEnumerable<OutgoingMessage<T>> messages,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentException.ThrowIfNullOrEmpty(topic);
        ArgumentNullException.ThrowIfNull(messages);
        // All of them become JSON before the first is sent, so that what is wrong with one is told before any is published.
        List<PreparedMessage> all = [];
        HashSet<string> ids = [];
        foreach (var message in messages)
        {
            cancellationToken.ThrowIfCancellationRequested();
            all.Add(Prepare(message, all.Count, ids));
        }

        return new PublishLines(publisher, topic, [.. all]).PublishAsync(cancellationToken);
    }

    public async Task<StepOutcome> RunStepAsync(string id, Func<Step, Task> handler, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        ArgumentNullException.ThrowIfNull(handler);
        var source = new StepSource(null, id);
        var result = await steps.RunAsync(source, handler, cancellationToken).ConfigureAwait(false);
        if (result.Outcome is StepOutcome.Applied or StepOutcome.Duplicate)
        {
            return result.Outcome;
        }

        var what = result.Outcome == StepOutcome.Unknown ? "may not have taken effect" : "did not take effect";
        throw new StepException(result.Outcome, $"The {source} {what}: {result.Text}", result.Cause);
    }

    public async Task<bool> BarrierAsync(
        IReadOnlyList<string>? positions = null,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default
    ) => (await barrier.WaitAsync(positions ?? [], timeout ?? StandardTimeout, cancellationToken).ConfigureAwait(false)).IsDurable;

    private PreparedMessage Prepare<T>(OutgoingMessage<T> message, int index, HashSet<string> ids)
    {
        try
        {
            ArgumentNullException.ThrowIfNull(message);
            var prepared = publisher.Prepare(message.Id, message.Data, message.Key, message.TimeToLive);
            return ids.Add(prepared.Id)
                ? prepared
                : throw new ArgumentException($"The id {prepared.Id} is given twice; accepted: another for each message.", nameof(message));
        }
        catch (ArgumentException mistake)
        {
            throw new ArgumentException($"Message {index}: {mistake.Message}", nameof(message), mistake);
        }
    }
}
