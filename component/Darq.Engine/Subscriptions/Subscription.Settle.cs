using Darq.Engine.Batching;
using Darq.Engine.Core;
using Darq.Engine.Subscriptions.Acks;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Subscriptions;

/// <summary>Telling Redis what became of messages.</summary>
internal sealed partial class Subscription
{
    // Under _lock: what Redis is to be told by the next dispatch, and how much of that and of what is under way there is.
    private readonly Queue<Settlement> _settlements = new();
    private int _settling;
    private TaskCompletionSource? _settled;

    /// <summary>A message is done with. Under _lock, with a dispatch to follow.</summary>
    private void Pass(Entry entry, bool expired) =>
        Settle(
            new(entry, entry.Lane.Epoch, fencingToken => new AckRequest(
                _group,
                _topic,
                entry.Lane.Partition,
                entry.Message.StreamId,
                expired,
                fencingToken
            ))
        );

    /// <summary>A message goes to the dead-letter topic. Under _lock, with a dispatch to follow.</summary>
    private void Bury(Entry entry, string reason)
    {
        var failures = reason == DeadLetter.KilledItsHandler ? entry.Lane.TakeOvers : entry.Failures;
        var metadata = DeadLetter.Metadata(entry.Message, reason, _group, _topic, failures, _time.GetUtcNow());
        Settle(
            new(entry, entry.Lane.Epoch, fencingToken => new DeadLetterRequest(
                _group,
                _topic,
                entry.Message,
                _letters!,
                metadata,
                _options.MaxBacklog,
                fencingToken
            ))
        );
        _log.MessageIsGivenUp(_group, _topic, entry.Message.Id, failures, reason, _letters!);
    }

    private void Settle(Settlement settlement)
    {
        settlement.Entry.State = EntryState.Passing;
        _settlements.Enqueue(settlement);
        _settling++;
    }

    /// <summary>Under _lock.</summary>
    private Settlement[] TakeSettlements()
    {
        if (_settlements.Count == 0)
        {
            return [];
        }

        var taken = _settlements.ToArray();
        _settlements.Clear();
        return taken;
    }

    private async Task SettleAsync(Settlement settlement)
    {
        try
        {
            while (!_stopping.IsCancellationRequested && !await IsSettledAsync(settlement))
            {
                // An operator has to act; until then nobody else would remember the answer.
                await Task.Delay(LongestWait, _time, _stopping.Token);
            }
        }
        finally
        {
            TaskCompletionSource? all;
            lock (_lock)
            {
                all = --_settling == 0 ? _settled : null;
            }

            all?.TrySetResult();
        }
        Dispatch();
    }

    private async ValueTask<bool> IsSettledAsync(Settlement settlement)
    {
        var (entry, epoch, compose) = settlement;
        try
        {
            var reply = await _primary.SubmitAsync(compose(() => FencingTokenAt(entry.Lane, epoch)), _stopping.Token);
            lock (_lock)
            {
                if (reply.StartsWith("OK", StringComparison.Ordinal))
                {
                    Finish(entry);
                }
                else if (entry.Lane.Epoch != epoch)
                {
                    return true;
                }
                else if (reply == "FENCED")
                {
                    Lose([entry.Lane]);
                }
                else if (reply == "FULL")
                {
                    LieUntilThereIsRoom(entry);
                }
            }
            return true;
        }
        catch (DarqException refused)
        {
            _log.TendingFailed(_topic, refused.Message);
            return false;
        }
    }

    private void LieUntilThereIsRoom(Entry entry)
    {
        _log.DeadLetterTopicIsFull(_group, _topic, entry.Message.Id, _letters!);
        Park(entry, _options.MaxRetryDelay);
    }

    private string FencingTokenAt(Lane lane, int epoch)
    {
        lock (_lock)
        {
            return lane.Held && lane.Epoch == epoch ? lane.FencingToken : Unheld;
        }
    }

    /// <summary>Waits a little until what was answered is passed, so that it is not delivered again by the next holder.</summary>
    private async Task AnswersArePassedAsync()
    {
        Task settled;
        lock (_lock)
        {
            if (_settling == 0)
            {
                return;
            }

            _settled ??= new();
            settled = _settled.Task;
        }
        using var timeout = new CancellationTokenSource(Round * 2, _time);
        await settled
            .WaitAsync(timeout.Token)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    /// <summary>What became of a message, as the request that says so under the fencing token that its lane has at the sending.</summary>
    private readonly record struct Settlement(Entry Entry, int Epoch, Func<Func<string>, BatchRequest> Compose);
}
