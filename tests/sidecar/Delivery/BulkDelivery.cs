using System.Text;
using System.Text.Json;
using Darq.Protos;
using Darq.Sidecar.Apps;
using Darq.Sidecar.Components;
using Darq.Sidecar.Events;
using Darq.Sidecar.Resources;
using Darq.Sidecar.Routing;
using Darq.Sidecar.Startup;

namespace Darq.Sidecar.Delivery;

/// <summary>
/// Takes messages of a subscription to the app in bulks, one bulk after another, and decides what the component hears of each message.
/// 1. Gather; 2. read the events and drop those that have expired; 3. hand over those of each path; 4. dead-letter what failed.
/// </summary>
internal sealed class BulkDelivery : IDelivery
{
    private readonly PubSubComponent _pubSub;
    private readonly SubscriptionManifest _subscription;
    private readonly IApp _app;
    private readonly DeadLetters _deadLetters;
    private readonly BulkGathering _gathering;

    public BulkDelivery(PubSubComponent pubSub, SubscriptionManifest subscription, BulkSettings settings, IApp app)
    {
        (_pubSub, _subscription, _app) = (pubSub, subscription, app);
        _deadLetters = new(pubSub, subscription.DeadLetterTopic);
        _gathering = new(settings, isImmediate: pubSub.Features.Contains("BULK_SUBSCRIBE_IMMEDIATE"), HandAsync);
    }

    /// <summary>daprd does not wait for bulks: their messages are neither acknowledged nor refused.</summary>
    public bool IsAwaitedAtStop => false;

    public Task<string?> DeliverAsync(PullMessagesResponse message, CancellationToken cancellation) =>
        _gathering.AddAsync(message, cancellation);

    private async Task HandAsync(IReadOnlyList<WaitingMessage> bulk, CancellationToken cancellation)
    {
        var entries = bulk.Select(waiting => new BulkEntry(waiting.Message)).ToArray();
        try
        {
            var errors = new string?[entries.Length];
            foreach (var group in await RouteAsync(entries, errors))
            {
                await HandAsync(group.Key, [.. group], entries, errors, cancellation);
            }

            cancellation.ThrowIfCancellationRequested();
            await DeadLetterAsync(entries, errors);
            for (var i = 0; i < errors.Length; i++)
            {
                bulk[i].Answer(errors[i]);
            }
        }
        finally
        {
            Array.ForEach(entries, entry => entry.Dispose());
        }
    }

    /// <summary>The places of the entries that go to the app, by path; the others are done with, or have their error.</summary>
    private async Task<IEnumerable<IGrouping<string, int>>> RouteAsync(BulkEntry[] entries, string?[] errors)
    {
        var paths = new List<(string Path, int Place)>();
        for (var i = 0; i < entries.Length; i++)
        {
            try
            {
                if (PathFor(entries[i]) is { } path)
                {
                    paths.Add((path, i));
                }
                else
                {
                    await DeadLetterAsync(entries[i]);
                }
            }
            catch (Exception fault) when (fault is GoJsonException or CelException)
            {
                errors[i] = fault.Message;
            }
        }

        return paths.GroupBy(pair => pair.Path, pair => pair.Place);
    }

    private string? PathFor(BulkEntry entry)
    {
        if (_subscription.RawPayload)
        {
            return _subscription.Routes.PathFor(JsonSerializer.SerializeToElement(Encoding.UTF8.GetString(entry.Message.Data.Span)));
        }

        entry.Read();
        return ReceivedEvent.HasExpired(entry.Root) ? null : _subscription.Routes.PathFor(entry.Root);
    }

    private async Task HandAsync(string path, int[] places, BulkEntry[] entries, string?[] errors, CancellationToken cancellation)
    {
        var bulk = new EventBulk(
            _pubSub.Name,
            _subscription.Topic,
            path,
            _subscription.RawPayload,
            [.. places.Select(place => entries[place])]
        );
        var verdicts = await _app.TakeAsync(bulk, cancellation);
        foreach (var (place, verdict) in places.Zip(verdicts))
        {
            if (verdict.Outcome != Outcome.Taken)
            {
                SidecarLog.Warn(verdict.Text);
            }

            if (verdict.Outcome == Outcome.Failed)
            {
                errors[place] = verdict.Text;
            }
            else if (verdict.Outcome == Outcome.Dropped)
            {
                await DeadLetterAsync(entries[place]);
            }
        }
    }

    private Task<bool> DeadLetterAsync(BulkEntry entry) => _deadLetters.PublishAsync(entry.Message.Data.Memory, entry.Message.Metadata);

    /// <summary>What failed goes there together, under the ids that the app saw.</summary>
    private async Task DeadLetterAsync(BulkEntry[] entries, string?[] errors)
    {
        var failed = entries.Zip(errors).Where(pair => pair.Second is not null).Select(pair => pair.First).ToArray();
        if (failed.Length == 0 || !_deadLetters.AreKept)
        {
            return;
        }

        var messages = failed.Select(entry => new BulkMessageEntry
        {
            EntryId = entry.Id,
            Event = entry.Message.Data,
            ContentType = entry.Message.ContentType,
            Metadata = { entry.Message.Metadata },
        });
        if (await _deadLetters.PublishAsync([.. messages], new Dictionary<string, string> { ["pubsubName"] = _pubSub.Name }))
        {
            Array.Clear(errors);
        }
    }
}
