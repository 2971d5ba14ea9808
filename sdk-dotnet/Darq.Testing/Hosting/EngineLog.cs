using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Darq.Testing.Hosting;

/// <summary>Where the engine logs: to the app's own providers, once the app is there. It starts before the app, and outlives it.</summary>
internal sealed class EngineLog(Func<IServiceProvider?> services) : ILoggerFactory
{
    public ILogger CreateLogger(string categoryName) => new Line(this, categoryName);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("The providers are those of the app.");

    public void Dispose() { }

    private ILogger Of(string category)
    {
        try
        {
            return (services()?.GetService(typeof(ILoggerFactory)) as ILoggerFactory)?.CreateLogger(category) ?? NullLogger.Instance;
        }
        catch (ObjectDisposedException)
        {
            return NullLogger.Instance;
        }
    }

    private sealed class Line(EngineLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => log.Of(category).IsEnabled(logLevel);

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => log.Of(category).Log(logLevel, eventId, state, exception, formatter);
    }
}
