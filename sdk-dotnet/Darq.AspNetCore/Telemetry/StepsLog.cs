using Microsoft.Extensions.Logging;

namespace Darq.AspNetCore.Telemetry;

/// <summary>What steps say to a person. Names and ids only, never data.</summary>
internal static partial class StepsLog
{
    [LoggerMessage(1001, LogLevel.Error, "The handler of topic {Topic} failed at message {Id}, attempt {Attempt}: it comes again.")]
    public static partial void HandlerFailed(ILogger logger, string topic, string id, int attempt, Exception fault);

    [LoggerMessage(
        1002,
        LogLevel.Error,
        "Message {Id} of topic {Topic} is not for its handler: {Why}. It comes again, {Attempt} was the attempt."
    )]
    public static partial void MessageUnfit(ILogger logger, string topic, string id, int attempt, string why);

    [LoggerMessage(
        1003,
        LogLevel.Error,
        "A request for topic {Topic} has no header darq-token, so it is no delivery of pubsub.darq: is the component {PubSub} of that "
            + "type, and the subscription not in bulk?"
    )]
    public static partial void TokenMissing(ILogger logger, string topic, string pubSub);

    [LoggerMessage(1004, LogLevel.Warning, "A request for topic {Topic} has not the token of APP_API_TOKEN and was refused.")]
    public static partial void CallerRefused(ILogger logger, string topic);

    [LoggerMessage(1005, LogLevel.Warning, "The step of message {Id} of topic {Topic} did not take effect ({Outcome}): {Text}")]
    public static partial void StepPostponed(ILogger logger, string topic, string id, StepOutcome outcome, string text);

    [LoggerMessage(1006, LogLevel.Error, "The step of message {Id} of topic {Topic} was refused ({Outcome}), and will be again: {Text}")]
    public static partial void StepRefused(ILogger logger, string topic, string id, StepOutcome outcome, string text);

    [LoggerMessage(1007, LogLevel.Debug, "Message {Id} of topic {Topic} is done with elsewhere ({Outcome}).")]
    public static partial void StepElsewhere(ILogger logger, string topic, string id, StepOutcome outcome);
}
