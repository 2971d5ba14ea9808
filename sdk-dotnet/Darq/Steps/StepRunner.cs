using System.Diagnostics;
using Darq.Sidecar;
using Darq.Telemetry;
using Microsoft.Extensions.Options;

namespace Darq.Steps;

/// <summary>
/// Runs a handler as a step.
/// <list type="number">
/// <item>The handler runs; what it does is kept.</item>
/// <item>The step ends, so that nothing is added to it any more.</item>
/// <item>All of it is sent as one request, by <see cref="StepSender"/>.</item>
/// <item>Where another changed what the handler had read, all begins anew, on fresh state.</item>
/// </list>
/// A handler that throws has sent nothing, and its exception goes on to the caller.
/// </summary>
internal sealed class StepRunner(
    ISidecar sidecar,
    StoreProbe probe,
    StepSender sender,
    DurabilityBarrier barrier,
    DeliveryExtension extension,
    IOptions<DarqOptions> options,
    TimeProvider time
)
{
    private readonly PayloadJson _json = new(options.Value.JsonSerializerOptions);

    public async Task<StepResult> RunAsync(StepSource source, Func<Step, Task> handler, CancellationToken cancellationToken)
    {
        using var activity = StepTelemetry.Start(source);
        var start = time.GetTimestamp();
        var outcome = StepTelemetry.HandlerFailed;
        try
        {
            var result = await RunUntilSettledAsync(source, handler, cancellationToken).ConfigureAwait(false);
            outcome = StepTelemetry.Word(result.Outcome);
            return result;
        }
        catch (Exception failure)
        {
            activity?.SetStatus(ActivityStatusCode.Error, failure.GetType().Name);
            throw;
        }
        finally
        {
            StepTelemetry.Finish(activity, source, outcome, time.GetElapsedTime(start));
        }
    }

    private async Task<StepResult> RunUntilSettledAsync(StepSource source, Func<Step, Task> handler, CancellationToken cancellationToken)
    {
        using var limit = new ProcessingDeadline(source.ProcessingTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await RunUntilSettledAsync(source, handler, limit, cancellationToken, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException late) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException(
                $"The {source} was not handled within its processing timeout, {source.ProcessingTimeout}. {late.Message}",
                late
            );
        }
    }

    /// <summary>
    /// <paramref name="request"/> ends when nobody waits for the outcome, <paramref name="attempt"/> also when the attempt has failed.
    /// A handler that returns in spite of that is sent: its step counts until another instance has the message.
    /// </summary>
    private async Task<StepResult> RunUntilSettledAsync(
        StepSource source,
        Func<Step, Task> handler,
        ProcessingDeadline limit,
        CancellationToken request,
        CancellationToken attempt
    )
    {
        await probe.CheckAsync(attempt).ConfigureAwait(false);
        var pauses = new Pauses(source.Id, TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(500));
        var start = time.GetTimestamp();
        while (true)
        {
            // Steps 1 and 2.
            var buffer = new StepBuffer(source, sidecar, time, attempt);
            try
            {
                await handler(new Step(source, buffer, barrier, ExtendAsync, _json, attempt)).ConfigureAwait(false);
            }
            finally
            {
                buffer.End();
            }

            request.ThrowIfCancellationRequested();

            // Step 3.
            var changes = await buffer.ChangesAsync().ConfigureAwait(false);
            var result = await sender.SendAsync(source, changes).ConfigureAwait(false);

            // Step 4.
            if (result.Outcome != StepOutcome.Conflict || time.GetElapsedTime(start) >= options.Value.ConflictTimeout)
            {
                return result;
            }

            StepTelemetry.Rerun(source);
            await Task.Delay(pauses.Next(), time, attempt).ConfigureAwait(false);
        }

        Task ExtendAsync() => extension.ExtendAsync(source, limit, attempt);
    }
}
