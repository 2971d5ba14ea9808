using System.Globalization;
using Darq.Sidecar;
using Darq.Steps;
using Microsoft.Extensions.Options;

namespace Darq.Publishing;

/// <inheritdoc cref="IDarqClient"/>
internal sealed class DarqClient(ISidecar sidecar, StepRunner steps, IOptions<DarqOptions> options, TimeProvider time) : IDarqClient
{
    private const int Attempts = 6;

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

        var json = _json.Serialize(data);
        var pauses = new Pauses(id, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(2));
        for (var attempt = 1; ; attempt++)
        {
            if (await TryPublishAsync(topic, json, metadata, cancellationToken).ConfigureAwait(false) is not { } failure)
            {
                return;
            }

            cancellationToken.ThrowIfCancellationRequested();
            var (outcome, text) = CallError.Of(failure, topic);
            if (outcome is not (StepOutcome.Unknown or StepOutcome.Full) || attempt == Attempts)
            {
                var what = outcome == StepOutcome.Unknown ? "may not have been published" : "was not published";
                throw new StepException(outcome, $"The message {id} for topic {topic} {what}: {text}", failure);
            }

            await Task.Delay(pauses.Next(), time, cancellationToken).ConfigureAwait(false);
        }
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
}
