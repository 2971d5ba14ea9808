using System.Security.Cryptography;
using System.Text;
using Darq.AspNetCore.Messages;
using Darq.AspNetCore.Rollbacks;
using Darq.AspNetCore.Subscriptions;
using Darq.AspNetCore.Telemetry;
using Darq.Steps;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Darq.AspNetCore.Steps;

/// <summary>
/// Takes a delivery from the sidecar, runs the handler as a step, and answers what the sidecar should do: success only when the message is
/// done with. No text of an exception is in the answer, because sidecars log answers.
/// </summary>
internal sealed class StepEndpoint<T>
{
    private readonly StepSubscription _subscription;
    private readonly Func<IServiceProvider, T, Step, Task> _handler;
    private readonly MessageReader<T> _reader;
    private readonly StepRunner _runner;
    private readonly WorldLines _worldLines;
    private readonly TimeProvider _time;
    private readonly DarqOptions _options;
    private readonly byte[]? _callerToken;
    private readonly ILogger _logger;

    public StepEndpoint(IServiceProvider services, StepSubscription subscription, Func<IServiceProvider, T, Step, Task> handler)
    {
        (_subscription, _handler) = (subscription, handler);
        _options = services.GetRequiredService<IOptions<DarqOptions>>().Value;
        var json = new PayloadJson(_options.JsonSerializerOptions);
        json.Check<T>();
        _reader = new MessageReader<T>(json);
        _runner = services.GetRequiredService<StepRunner>();
        _worldLines = services.GetRequiredService<WorldLines>();
        _time = services.GetRequiredService<TimeProvider>();
        _logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("Darq.Steps");
        if (services.GetRequiredService<IConfiguration>()["APP_API_TOKEN"] is { Length: > 0 } token)
        {
            _callerToken = Encoding.UTF8.GetBytes(token);
        }
    }

    public async Task InvokeAsync(HttpContext context)
    {
        if (!IsCallerKnown(context.Request))
        {
            StepsLog.CallerRefused(_logger, _subscription.Topic);
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        if (Delivery.Of(context.Request, _subscription) is not { } source)
        {
            StepsLog.TokenMissing(_logger, _subscription.Topic, _subscription.PubSub);
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        await AnswerAsync(context, await RunAsync(context, source).ConfigureAwait(false)).ConfigureAwait(false);
    }

    private async Task<StepVerdict> RunAsync(HttpContext context, StepSource source)
    {
        var cancellationToken = context.RequestAborted;
        try
        {
            var body = await MessageBody.ReadAsync(context.Request, _options.MaxMessageBytes, cancellationToken).ConfigureAwait(false);
            var data = EventData.Of(body, context.Request.ContentType);
            await EnterWorldLineAsync(Delivery.WorldLineOf(context.Request), cancellationToken).ConfigureAwait(false);
            var scopes = context.RequestServices.GetRequiredService<IServiceScopeFactory>();
            var result = await _runner.RunAsync(source, step => HandleAsync(scopes, data, step), cancellationToken).ConfigureAwait(false);
            return Judge(source, result);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return StepVerdict.Fail;
        }
        catch (UnfitMessageException unfit)
        {
            StepsLog.MessageUnfit(_logger, source.Topic, source.Id, source.Attempt, unfit.Message);
            return StepVerdict.Fail;
        }
        catch (StepException refused) when (refused.Outcome == StepOutcome.Stale)
        {
            // Of a call that the handler made, not of its step: it says nothing of whether the message is done with.
            StepsLog.StepPostponed(_logger, source.Topic, source.Id, refused.Outcome, refused.Message);
            return StepVerdict.Fail;
        }
        catch (StepException refused)
        {
            return Judge(source, new StepResult(refused.Outcome, refused.Message));
        }
        catch (Exception fault)
        {
            StepsLog.HandlerFailed(_logger, source.Topic, source.Id, source.Attempt, fault);
            return StepVerdict.Fail;
        }
    }

    /// <summary>The component counts this time as that of the attempt.</summary>
    private async Task EnterWorldLineAsync(long worldLine, CancellationToken cancellationToken)
    {
        using var limit = new ProcessingDeadline(_subscription.ProcessingTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await _worldLines.EnterAsync(_subscription.PubSub, worldLine, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException late) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException(
                $"The rollback handlers of this app were not done within the processing timeout, {_subscription.ProcessingTimeout}.",
                late
            );
        }
    }

    /// <summary>Each run has a message and services of its own, as if there had been no other.</summary>
    private async Task HandleAsync(IServiceScopeFactory scopes, EventData data, Step step)
    {
        var scope = scopes.CreateAsyncScope();
        await using (scope.ConfigureAwait(false))
        {
            await _handler(scope.ServiceProvider, _reader.Read(data), step).ConfigureAwait(false);
        }
    }

    private StepVerdict Judge(StepSource source, StepResult result)
    {
        switch (result.Outcome)
        {
            case StepOutcome.Applied or StepOutcome.Duplicate:
                return StepVerdict.Done;
            case StepOutcome.Stale:
                StepsLog.StepElsewhere(_logger, source.Topic, source.Id, result.Outcome);
                return StepVerdict.Done;
            case StepOutcome.Fenced:
                // Not done here: an acknowledgement could be taken for that of the attempt that another instance has now.
                StepsLog.StepElsewhere(_logger, source.Topic, source.Id, result.Outcome);
                return StepVerdict.Again;
            case StepOutcome.Conflict or StepOutcome.Full or StepOutcome.RolledBack or StepOutcome.Unknown:
                StepsLog.StepPostponed(_logger, source.Topic, source.Id, result.Outcome, result.Text);
                return StepVerdict.Fail;
            default:
                StepsLog.StepRefused(_logger, source.Topic, source.Id, result.Outcome, result.Text);
                return StepVerdict.Fail;
        }
    }

    private static Task AnswerAsync(HttpContext context, StepVerdict verdict)
    {
        var response = context.Response;
        if (verdict == StepVerdict.Fail)
        {
            response.StatusCode = StatusCodes.Status500InternalServerError;
            return Task.CompletedTask;
        }

        response.ContentType = "application/json";
        return response.WriteAsync(
            verdict == StepVerdict.Done ? """{"status":"SUCCESS"}""" : """{"status":"RETRY"}""",
            context.RequestAborted
        );
    }

    private bool IsCallerKnown(HttpRequest request) =>
        _callerToken is null
        || CryptographicOperations.FixedTimeEquals(_callerToken, Encoding.UTF8.GetBytes(request.Headers["dapr-api-token"].ToString()));
}

/// <summary>What the sidecar is answered.</summary>
internal enum StepVerdict
{
    Done,
    Again,
    Fail,
}
