using System.Globalization;
using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Engine.State;
using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Steps;

/// <summary>
/// Applies steps: places them in partitions, sends each as one request of a batch, and reads its outcome. Redis records
/// a step by its id or by its first consumed message, so that a repeated one gets the first result.
/// </summary>
/// <param name="primary">Where steps are applied.</param>
/// <param name="subscriptions">Of the same primary, which learn what steps consume.</param>
/// <param name="options">Of the namespace.</param>
/// <param name="time">For the times of emits.</param>
/// <param name="random">For the places of steps that may be anywhere.</param>
/// <param name="log">For what concerns no single caller.</param>
/// <param name="placeOfOther">Where a session of this process that is not the primary's works; null where there is none.</param>
internal sealed class StepExecutor(
    Primary primary,
    SubscriptionTable subscriptions,
    NamespaceOptions options,
    TimeProvider time,
    Random random,
    ILogger log,
    Func<string, string?>? placeOfOther = null
)
{
    /// <summary>
    /// Applies a state transaction as a step: the request's metadata names what it consumes and emits. Throws
    /// <see cref="DarqException"/> with the outcome where it did not take effect. With a token or an id it is safe to
    /// repeat; without either only where its etags guard it.
    /// </summary>
    public async ValueTask<StepResult> TransactAsync(
        IReadOnlyList<StateOperation> operations,
        IReadOnlyDictionary<string, string> metadata,
        CancellationToken cancellation
    )
    {
        var result = await ApplyAsync(TransactionStep.Of(operations, metadata, options), cancellation);
        return result.Code is { } code ? throw new DarqException(code, result.Message) : result;
    }

    /// <summary>
    /// Applies consumption, operations and emits, all or none; every outcome of a step is a result, which is answered when it is durable,
    /// or only applied, as the step says, else the component. Throws
    /// <see cref="DarqException"/> for a faulty step, and where Redis is away or gives no answer: the outcome may then be unknown.
    /// </summary>
    public async ValueTask<StepResult> ApplyAsync(Step step, CancellationToken cancellation)
    {
        StepResult? result = null;
        step.CheckId();
        CheckPlace(step);
        try
        {
            var request = Compose(step);
            if (request.IsEmpty)
            {
                return result = new(false, "", []);
            }

            Check(request);
            // What consumes is not refused while the level is not reached: its messages are with an app, for which that is a failure.
            var before = primary.Durable.Admit(options.MustBeDurable(step.Ack) && step.Consumed.Count == 0);
            result = await SubmitAsync(request, cancellation);
            if (options.MustBeDurable(step.Ack) && !primary.Watermark.IsReplyEnough)
            {
                await DurableAsync(request, result, before, cancellation);
            }

            if (result.Code is null && primary.Durable.Knows(before, request.Home, result.Applied) is { } isDurable)
            {
                result = result with { Durable = isDurable };
            }
        }
        catch (DarqException refused) when (StepResult.IsOutcome(refused.Code))
        {
            result = StepResult.Refused(refused.Code, refused.Message);
        }
        finally
        {
            if (!step.IsPlain)
            {
                primary.Counters.End(result?.Outcome);
            }
        }

        return result;
    }

    /// <summary>A token from elsewhere would be taken for one whose lane was lost, or whose message was consumed before.</summary>
    private void CheckPlace(Step step)
    {
        foreach (var token in step.Consumed)
        {
            if (token.Session != primary.SessionId && placeOfOther?.Invoke(token.Session) is { } place)
            {
                throw new DarqException(
                    ErrorCode.Misconfigured,
                    $"MISCONFIGURED: the token is of a delivery in {place}, and this step in {primary.Place}; give the components of one "
                        + "step the same redisHost, redisDB and namespace."
                );
            }
        }
    }

    /// <summary>Sends the step. The lanes of its consumed messages learn when it starts and how it ends.</summary>
    private async ValueTask<StepResult> SubmitAsync(StepRequest request, CancellationToken cancellation)
    {
        var attempts = Array.ConvertAll(request.Consumed, consumed => subscriptions.StepStarted(consumed.Token));
        StepResult? result = null;
        try
        {
            return result = await primary.SubmitAsync(request, cancellation);
        }
        finally
        {
            for (var i = 0; i < attempts.Length; i++)
            {
                var (token, fencingToken) = (request.Consumed[i].Token, request.Consumed[i].FencingToken);
                subscriptions.StepEnded(token, attempts[i], EndOf(request, result, token), fencingToken);
            }
        }
    }

    /// <summary>
    /// Whatever the outcome of a step is, it may rest on writes that are not durable yet. After a recovery its parts are there together or
    /// not at all; what an error code rested on is not known.
    /// </summary>
    private ValueTask DurableAsync(StepRequest request, StepResult result, RecoveryCount before, CancellationToken cancellation) =>
        primary.Durable.WaitAsync(
            before,
            () => result.Code is null && primary.Applied.Survives(request.Home, result.Applied),
            cancellation
        );

    private StepRequest Compose(Step step)
    {
        var writes = new StateWrite[step.Operations.Count];
        for (var i = 0; i < writes.Length; i++)
        {
            writes[i] = StateWrite.From(step.Operations[i], options);
        }

        var home =
            step.Consumed.Count > 0 ? step.Consumed[0].Partition
            : step.Id.Length > 0 ? PartitionHash.Of(step.Id, options.Partitions)
            : writes.Length > 0 ? writes[0].Partition
            : random.Next(options.Partitions);
        return new(options, primary)
        {
            Home = home,
            Id = step.Id,
            Consumed = [.. step.Consumed.Select(token => new Consumption(token, () => subscriptions.FencingTokenOf(token)))],
            Reads = Reads(step.Reads),
            Operations = writes,
            Emits = Appends(step, home),
        };
    }

    private StateRead[] Reads(List<(StateKey Key, string ETag)> reads)
    {
        var placed = new StateRead[reads.Count];
        for (var i = 0; i < placed.Length; i++)
        {
            var (key, etag) = reads[i];
            placed[i] = new(PartitionHash.OfState(key.Key, options.Partitions), key.Key, etag);
        }
        return placed;
    }

    private Append[] Appends(Step step, int home)
    {
        if (step.Emits.Count == 0)
        {
            return [];
        }

        var (cause, now) = (CauseOf(step), time.GetUtcNow());
        var appends = new Append[step.Emits.Count];
        for (var i = 0; i < appends.Length; i++)
        {
            var emit = step.Emits[i];
            var id = emit.Id.Length > 0 ? emit.Id : string.Create(CultureInfo.InvariantCulture, $"{cause}.{i}");
            var data = emit.Raw ? emit.Data : EmittedEvent.Wrap(emit, id, step.Source, now);
            Limits.CheckMessage("an emitted message", data.Length);
            appends[i] = new()
            {
                // Without key and id the message stays in the step's own partition, which saves a partition.
                Partition =
                    emit.Key.Length > 0 ? PartitionHash.Of(emit.Key, options.Partitions)
                    : emit.Id.Length > 0 ? PartitionHash.Of(emit.Id, options.Partitions)
                    : home,
                Topic = emit.Topic,
                Id = id,
                // Redis records the step as a whole, so a message without an id of its own needs none against repetition.
                IsNamed = emit.Id.Length > 0,
                Key = emit.Key,
                Data = data,
                TimeToLive = emit.TimeToLive,
            };
        }
        return appends;
    }

    private void Check(StepRequest request)
    {
        var (kind, most) = request.IsPlain ? ("transaction", Limits.MaxTransactionBytes) : ("step", Limits.MaxStepBytes);
        if (request.Size > most)
        {
            throw new DarqException(
                ErrorCode.TooLarge,
                $"TOO_LARGE: the {kind} has {request.Size:N0} bytes; accepted: at most {most:N0} ({most >> 20} MiB)."
            );
        }

        if (!request.IsCrossPartition)
        {
            return;
        }

        primary.Counters.CrossPartitionSteps.Add();
        if (options.CrossPartitionSteps == CrossPartitionSteps.Refuse)
        {
            throw new DarqException(
                ErrorCode.CrossPartition,
                $"CROSS_PARTITION: the step touches {request.Partitions} partitions and crossPartitionSteps is refuse; give its "
                    + "keys and messages one partition key, or set crossPartitionSteps to allow."
            );
        }

        if (options.CrossPartitionSteps == CrossPartitionSteps.Warn && primary.Counters.MaySayCrossPartition())
        {
            log.CrossPartitionStepWasSeen(request.Partitions);
        }
    }

    /// <summary>
    /// What the outcome proves about one of the step's messages. The first step of a DUPLICATE may have consumed other messages, and
    /// a message wrongly taken for consumed would never be delivered again.
    /// </summary>
    private static StepEnd EndOf(StepRequest request, StepResult? result, DeliveryToken token) =>
        result switch
        {
            { Code: null, Duplicate: false } => StepEnd.Consumed,
            { Code: null, Duplicate: true } when token == request.Consumed[0].Token => StepEnd.Consumed,
            { AlreadyConsumed: { } consumed } when consumed == token => StepEnd.Consumed,
            { Code: ErrorCode.Fenced } => StepEnd.Fenced,
            _ => StepEnd.Unchanged,
        };

    /// <summary>What the ids of the step's messages begin with: the same at every attempt of a step that is recorded.</summary>
    private string CauseOf(Step step) =>
        step.Consumed is [var first, ..] ? MessageIds.OfCause(first.Group, first.Topic, first.Partition, first.Id)
        : step.Id.Length > 0 ? MessageIds.OfCause("", "", 0, step.Id)
        : primary.Ids.Next();
}
