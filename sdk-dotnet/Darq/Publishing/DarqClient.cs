using System.Globalization;
using Darq.Sidecar;
using Darq.Steps;
using Microsoft.Extensions.Options;

namespace Darq.Publishing;

/// <inheritdoc cref="IDarqClient"/>
internal sealed class DarqClient(ISidecar sidecar, StepRunner steps, IOptions<DarqOptions> options, TimeProvider time) : IDarqClient
{
    private const int Attempts = 6;

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
            var refusal = await TryPublishAsync(topic, json, metadata, cancellationToken).ConfigureAwait(false);
            if (refusal is not { } refused)
            {
                return;
            }

            cancellationToken.ThrowIfCancellationRequested();
            if (refused.Outcome is not (StepOutcome.Unknown or StepOutcome.Full) || attempt == Attempts)
            {
                throw new StepException(refused.Outcome, $"The message {id} for topic {topic} was not published: {refused.Text}");
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
        return result.Outcome is StepOutcome.Applied or StepOutcome.Duplicate
            ? result.Outcome
            : throw new StepException(result.Outcome, $"The {source} did not take effect: {result.Text}", result.Cause);
    }

    private async Task<Refusal?> TryPublishAsync(
        string topic,
        byte[] json,
        Dictionary<string, string> metadata,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await sidecar.PublishAsync(topic, json, metadata, cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            return Refusal.Of(failure, topic);
        }
    }
}
