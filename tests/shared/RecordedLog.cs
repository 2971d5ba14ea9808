using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Darq.Tests.Shared;

internal sealed record LogLine(LogLevel Level, string Name, string Text, Exception? Fault);

/// <summary>Keeps everything that is logged, in order, so that a test can say what must and what must not be in a log.</summary>
internal sealed class RecordedLog : ILogger
{
    private readonly ConcurrentQueue<LogLine> _lines = new();

    public IReadOnlyCollection<LogLine> Lines => _lines;

    /// <summary>Hears each line while it is being logged.</summary>
    public Action<LogLine>? Heard { get; init; }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    )
    {
        var line = new LogLine(logLevel, eventId.Name ?? "", formatter(state, exception), exception);
        _lines.Enqueue(line);
        Heard?.Invoke(line);
    }
}
