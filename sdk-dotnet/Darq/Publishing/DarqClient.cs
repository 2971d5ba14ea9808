using System.Globalization;
using Darq.Sidecar;
using Darq.Steps;
using Microsoft.Extensions.Options;

namespace Darq.Publishing;

/// <inheritdoc cref="IDarqClient"/>
internal sealed class DarqClient(ISidecar sidecar, StepRunner steps, IOptions<DarqOptions> options, TimeProvider time) : IDarqClient
{
    private const int Attempts = 6;
    private const int ParallelCalls = 16;

    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(10);

    private readonly PayloadJson _json = new(options.Value.JsonSerializerOptions);

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
        var message = Prepare(id, data, key, timeToLive);
        if (await PublishAsync(topic, message, cancellationToken).ConfigureAwait(false) is { } failure)
        {
            throw failure;
        }
    }

    public async Task<PublishReport> PublishAllAsync<T>(
        string topic,
        IEnumerable<OutgoingMessage<T>> messages,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentException.ThrowIfNullOrEmpty(topic);
        ArgumentNullException.ThrowIfNull(messages);
        // All of them become JSON before the first is sent, so that what is wrong with one is told before any is published.
        Prepared[] all = [.. messages.Select(message => Prepare(message.Id, message.Data, message.Key, message.TimeToLive))];
        var failures = new FailedPublish?[all.Length];
        var lines = Enumerable.Range(0, all.Length).GroupBy(i => (all[i].Key, all[i].Key is null ? i : -1));
        var several = new ParallelOptions { MaxDegreeOfParallelism = ParallelCalls, CancellationToken = cancellationToken };
        await Parallel
            .ForEachAsync(
                lines,
                several,
                async (line, token) => await PublishLineAsync(topic, all, failures, line, token).ConfigureAwait(false)
            )
            .ConfigureAwait(false);
        return new PublishReport(topic, [.. failures.OfType<FailedPublish>()]);
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

    /// <summary>Publishes messages of one key one after the other, up to the first that fails: the next would overtake it.</summary>
    private async Task PublishLineAsync(
        string topic,
        Prepared[] all,
        FailedPublish?[] failures,
        IEnumerable<int> line,
        CancellationToken cancellationToken
    )
    {
        string? failed = null;
        foreach (var i in line)
        {
            var id = all[i].Id;
            if (failed is not null)
            {
                var why = $"The message {id} for topic {topic} was not published: message {failed} of its key was not, either.";
                failures[i] = new FailedPublish(id, outcome: null, why);
            }
            else if (await PublishAsync(topic, all[i], cancellationToken).ConfigureAwait(false) is { } failure)
            {
                (failures[i], failed) = (new FailedPublish(id, failure.Outcome, failure.Message), id);
            }
        }
    }

    private Prepared Prepare<T>(string id, T data, string? key, TimeSpan? timeToLive)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        Dictionary<string, string> metadata = new() { ["darq.id"] = id };
        if (key is not null)
        {
            metadata["partitionKey"] = key;
        }

        if (Lifetime.Seconds(timeToLive) is { } seconds)
        {
            metadata["ttlInSeconds"] = seconds.ToString(CultureInfo.InvariantCulture);
        }

        return new Prepared(id, key, _json.Serialize(data), metadata);
    }

    /// <summary>Publishes until an answer comes, or often enough. Returns why it failed; null when it did not.</summary>
    private async Task<StepException?> PublishAsync(string topic, Prepared message, CancellationToken cancellationToken)
    {
        var pauses = new Pauses(message.Id, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(2));
        for (var attempt = 1; ; attempt++)
        {
            if (await TryPublishAsync(topic, message.Json, message.Metadata, cancellationToken).ConfigureAwait(false) is not { } failure)
            {
                return null;
            }

            cancellationToken.ThrowIfCancellationRequested();
            var (outcome, text) = CallError.Of(failure, topic);
            if (outcome is not (StepOutcome.Unknown or StepOutcome.Full) || attempt == Attempts)
            {
                var what = outcome == StepOutcome.Unknown ? "may not have been published" : "was not published";
                return new StepException(outcome, $"The message {message.Id} for topic {topic} {what}: {text}", failure);
            }

            await Task.Delay(pauses.Next(), time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Returns why it failed; null when it did not. A sidecar may hang, so each call has a time.</summary>
    private async Task<Exception?> TryPublishAsync(
        string topic,
        byte[] json,
        Dictionary<string, string> metadata,
        CancellationToken cancellationToken
    )
    {
        using var deadline = new CancellationTokenSource(CallTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            await sidecar.PublishAsync(topic, json, metadata, either.Token).ConfigureAwait(false);
            return null;
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            return late;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            return failure;
        }
    }

    /// <summary>A message as it is sent, each time the same.</summary>
    private sealed record Prepared(string Id, string? Key, byte[] Json, Dictionary<string, string> Metadata);
}
