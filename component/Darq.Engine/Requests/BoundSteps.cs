using Darq.Engine.Core;
using Darq.Engine.Steps;
using Darq.Engine.Steps.Json;
using Darq.Engine.Subscriptions.Deliveries;

namespace Darq.Engine.Requests;

/// <summary>
/// The steps that come as JSON through a binding, with the key prefix and the source that the sidecar adds on its other APIs.
/// </summary>
/// <param name="executor">Of the binding's namespace.</param>
/// <param name="partitions">Of the same.</param>
/// <param name="keyPrefix">What the sidecar puts before state keys; null where it is not known.</param>
/// <param name="source">The <c>source</c> of emitted events; null where the app is not known.</param>
internal sealed class BoundSteps(StepExecutor executor, int partitions, string? keyPrefix, string? source)
{
    private readonly StepParser _parser = new(partitions, keyPrefix);

    /// <summary>
    /// Reads and applies a step; <paramref name="own"/> is the delivery that it answers, which it consumes without naming it.
    /// Every outcome of a step is a result. Throws <see cref="DarqException"/> for a faulty step, and where Redis is away or
    /// gives no answer; sending the same step again is then safe if it consumes something or has an id.
    /// </summary>
    public async ValueTask<StepResult> ApplyAsync(ReadOnlyMemory<byte> json, DeliveryToken? own, CancellationToken cancellation)
    {
        try
        {
            var step = _parser.Parse(json);
            if (own is not null)
            {
                step.ConsumeFirst(own);
            }

            step.Source = source ?? step.Source;
            var result = await executor.ApplyAsync(step, cancellation);
            return result.Code == ErrorCode.Fenced ? result with { Consumed = step.Consumed.Count } : result;
        }
        catch (DarqException refused) when (StepResult.IsOutcome(refused.Code))
        {
            return StepResult.Refused(refused.Code, refused.Message);
        }
    }

    /// <summary>A key as the app names it.</summary>
    public string Unprefixed(string key) => key[(keyPrefix?.Length ?? 0)..];
}
