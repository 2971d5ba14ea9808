using System.Globalization;
using Darq.Sidecar;
using Darq.Steps;
using Microsoft.Extensions.Options;

namespace Darq.Publishing;

/// <summary>Makes messages ready to be sent, and sends them until there is an answer.</summary>
internal sealed class MessagePublisher(ISidecar sidecar, IOptions<DarqOptions> options, TimeProvider time)
{
    private const int Attempts = 6;

    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(10);

    private readonly PayloadJson _json = new(options.Value.JsonSerializerOptions);

    /// <exception cref="ArgumentException">What is given cannot be a message.</exception>
    public PreparedMessage Prepare<T>(string id, T data, string? key, TimeSpan? timeToLive)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        Dictionary<string, string> metadata = new() { ["darq.id"] = id };
        if (key is not null)
        {
            metadata["partitionKey"] =
                key.Length > 0 ? key : throw new ArgumentException("The key is empty; accepted: null for none.", nameof(key));
        }

        if (Lifetime.Seconds(timeToLive) is { } seconds)
        {
            metadata["ttlInSeconds"] = seconds.ToString(CultureInfo.InvariantCulture);
        }

        if (options.Value.Ack is { } ack)
        {
            metadata[AckLevels.MetadataName] = ack.Word();
        }

        return new PreparedMessage(id, key, _json.Serialize(data), metadata);
    }

    /// <summary>Publishes until an answer comes, or often enough. Returns why it failed; null when it did not.</summary>
    public async Task<StepException?> PublishAsync(string topic, PreparedMessage message, CancellationToken cancellationToken)
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
}

/// <summary>A message as it is sent, each time the same.</summary>
internal sealed record PreparedMessage(string Id, string? Key, byte[] Json, Dictionary<string, string> Metadata);
