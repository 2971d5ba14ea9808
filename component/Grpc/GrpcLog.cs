namespace Darq.Grpc;

/// <summary>
/// What the gRPC server logs. What a client caused is Debug, since it is told anyway; what only this process can explain is Error.
/// </summary>
internal static partial class GrpcLog
{
    [LoggerMessage(100, LogLevel.Error, "{Method} failed with an unexpected fault.")]
    public static partial void HandlerFailed(ILogger log, string method, Exception fault);

    [LoggerMessage(101, LogLevel.Debug, "{Method} ended with {Code}: {Reason}")]
    public static partial void CallRefused(ILogger log, string method, StatusCode code, string reason);

    [LoggerMessage(102, LogLevel.Debug, "{Method} was given up by its client.")]
    public static partial void ClientGaveUp(ILogger log, string method);

    [LoggerMessage(103, LogLevel.Debug, "{Method} was stopped by its deadline.")]
    public static partial void DeadlinePassed(ILogger log, string method);
}
