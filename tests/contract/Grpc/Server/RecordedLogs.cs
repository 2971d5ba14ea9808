using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Darq.Tests.Contract.Grpc.Server;

internal sealed record LogLine(LogLevel Level, string Text, Exception? Fault);

/// <summary>
/// Keeps everything that is logged, so that a test can say what must and what must not be in a log.
/// </summary>
internal sealed class RecordedLogs : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<LogLine> _lines = new();

    public IReadOnlyCollection<LogLine> Lines => _lines;

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    ) => _lines.Enqueue(new LogLine(logLevel, formatter(state, exception), exception));

    public void Dispose() { }
}
