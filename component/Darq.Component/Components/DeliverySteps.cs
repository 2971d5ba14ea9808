using Darq.Component.Configuration;
using Darq.Component.Instances;
using Darq.Component.Telemetry;
using Darq.Engine.Core;
using Darq.Engine.Requests;
using Darq.Engine.Subscriptions.Deliveries;

namespace Darq.Component.Components;

/// <summary>
/// The steps that an app answers to deliveries of one binding. Each runs beside the loop that reads answers, and
/// settles its delivery by its outcome. There are never more of them than deliveries out, and the stream ends only after them.
/// </summary>
internal sealed class DeliverySteps(Instance instance, DeliveryDrain drain, TimeProvider time, ILogger log)
{
    /// <summary>Limits the rate of an app that conflicts every time; no other app notices so short a pause.</summary>
    private static readonly TimeSpan PauseAfterConflict = TimeSpan.FromMilliseconds(5);

    private readonly BoundSteps _steps = Of(instance.Engine, instance.Options);
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // The steps under way, and one for the stream itself.
    private int _underWay = 1;

    /// <summary>The steps that come as JSON through a binding of an instance.</summary>
    public static BoundSteps Of(InstanceEngine engine, InstanceOptions options) =>
        new(engine.StepExecutor, options.Namespace.Partitions, options.KeyPrefix, options.AppId);

    /// <summary>Begins a step; its delivery is settled when its outcome is known.</summary>
    public void Begin(DeliveryStream stream, string token, ReadOnlyMemory<byte> json)
    {
        Interlocked.Increment(ref _underWay);
        _ = RunAsync(stream, token, json);
    }

    /// <summary>Waits for all steps under way; no other may begin. The call timeout bounds each.</summary>
    public Task FinishAsync()
    {
        Leave();
        return _finished.Task;
    }

    private async Task RunAsync(DeliveryStream stream, string token, ReadOnlyMemory<byte> json)
    {
        try
        {
            await SettleAsync(stream, token, json);
        }
        catch (DarqException refused)
        {
            Refuse(stream, token, refused.Code, refused.Message);
        }
        catch (Exception fault)
        {
            log.StepAnswerFailed(instance.Name, fault);
            stream.Nack(token);
        }
        finally
        {
            drain.Answered();
            Leave();
        }
    }

    private async Task SettleAsync(DeliveryStream stream, string token, ReadOnlyMemory<byte> json)
    {
        var own = Own(token);
        var result = await _steps.ApplyAsync(json, own, CancellationToken.None);
        switch (result.Code)
        {
            case null:
            case ErrorCode.Stale when result.AlreadyConsumed == own:
                stream.Ack(token);
                break;
            case ErrorCode.Fenced when result.Consumed == 1:
                // The lane's present owner delivers the message; this process too does so with a token of a new claim.
                stream.Release(token);
                break;
            case ErrorCode.Conflict:
                var keys = string.Join(", ", result.Conflicts.Select(_steps.Unprefixed));
                log.StepAnswerConflicted(instance.Name, own.Topic, $"{own.Partition}-{own.Message}", keys);
                await Task.Delay(PauseAfterConflict, time);
                stream.Conflict(token, keys);
                break;
            default:
                // Also where it is fenced from another message that the app named, which would be so again and again.
                Refuse(stream, token, result.Code.Value, result.Message);
                break;
        }
    }

    private void Refuse(DeliveryStream stream, string token, ErrorCode code, string why)
    {
        var own = Own(token);
        log.StepAnswerWasRefused(instance.Name, own.Topic, $"{own.Partition}-{own.Message}", WithoutValue(why));
        if (IsOfRedis(code))
        {
            stream.Postpone(token);
        }
        else
        {
            stream.RefuseStep(token);
        }
    }

    /// <summary>Whether Redis, or the component, could not take a step that is right: the app and its message are not to blame.</summary>
    private static bool IsOfRedis(ErrorCode code) =>
        code is ErrorCode.Unavailable or ErrorCode.Full or ErrorCode.Misconfigured or ErrorCode.Broken;

    private static DeliveryToken Own(string token) =>
        DeliveryToken.TryParse(token, out var own)
            ? own
            : throw new InvalidOperationException("A delivery was sent with a malformed token.");

    /// <summary>The error text without the value that it quotes: an app's data must not reach the log.</summary>
    internal static string WithoutValue(string message)
    {
        const string Before = " is '";
        const string After = "'; accepted: ";
        var from = message.IndexOf(Before, StringComparison.Ordinal);
        var to = message.LastIndexOf(After, StringComparison.Ordinal);
        return from < 0 || to < from
            ? message
            : string.Concat(message.AsSpan(0, from), " is wrong; accepted: ", message.AsSpan(to + After.Length));
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _underWay) == 0)
        {
            _finished.TrySetResult();
        }
    }
}
