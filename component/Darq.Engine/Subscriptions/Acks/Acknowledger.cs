using Darq.Engine.Batching;
using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Subscriptions.Acks;

/// <summary>
/// Tells Redis how messages end. Every outcome that it is given comes back to the core with an answer, unless it is stopped.
/// </summary>
internal sealed class Acknowledger(GuardedCore core, Primary primary, string group, string topic, TimeProvider time, ILogger log)
    : IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly AsyncManualResetEvent<bool> _idle = new();
    private readonly RefusedOutcomes _refused = new(group, topic, log);
    private readonly Lock _lock = new();

    // Under _lock.
    private int _underWay;

    /// <summary>Begins to tell Redis; ends by itself.</summary>
    public void Begin(Settlement settlement)
    {
        lock (_lock)
        {
            _underWay++;
            _idle.Close();
        }

        _ = SettleAsync(settlement);
    }

    /// <summary>Waits for a while until everything begun is known to Redis, so that the next owner does not deliver it again.</summary>
    public async Task DrainAsync(TimeSpan atMost)
    {
        lock (_lock)
        {
            if (_underWay == 0)
            {
                return;
            }
        }

        using var deadline = new CancellationTokenSource(atMost, time);
        await ((Task)_idle.WaitAsync(deadline.Token)).ConfigureAwait(
            ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext
        );
    }

    /// <summary>Gives the rest up. To be called after <see cref="DrainAsync"/>.</summary>
    public void Dispose() => _stopping.CancelHere();

    private async Task SettleAsync(Settlement settlement)
    {
        var outcome = SettlementOutcome.Refused;
        try
        {
            outcome = await primary.SubmitAsync(Compose(settlement), _stopping.Token);
            _refused.Taken(settlement);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested) { }
        catch (DarqException refused)
        {
            _refused.Refused(settlement, refused.Message);
        }
        catch (Exception fault)
        {
            log.LoopFailed("acks", fault);
        }

        lock (_lock)
        {
            if (--_underWay == 0)
            {
                _idle.Open(true);
            }
        }

        core.Apply((settlement, outcome), static (core, told, now) => core.OnSettled(told.settlement, told.outcome, now));
    }

    private BatchRequest<SettlementOutcome> Compose(Settlement settlement)
    {
        var (message, lane) = (settlement.Message.Message, settlement.Message.Lane);
        return settlement.Ending == Ending.DeadLetter
            ? new DeadLetterRequest(
                group,
                topic,
                message,
                settlement.DeadLetterTopic,
                DeadLetter.Metadata(message, settlement.Reason, group, topic, settlement.Failures, time.GetUtcNow()),
                core.Read(static core => core.Options.MaxBacklog),
                FencingToken
            )
            {
                Applied = primary.Applied,
            }
            : new AckRequest(group, topic, lane.Partition, message.StreamId, settlement.Ending == Ending.Expire, FencingToken)
            {
                Applied = primary.Applied,
            };

        string FencingToken() => core.FencingTokenAt(lane, settlement.Epoch);
    }
}
