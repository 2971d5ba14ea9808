using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Darq.Testing.Apps;

/// <summary>
/// What the app logs of a delivery that fails, because no text of an exception is in an answer: all that steps say, and each exception that
/// is logged as an error. It is noted whatever the app's log is set to, and goes to that log as before.
/// </summary>
internal sealed class DeliveryFailures
{
    private const string StepsCategory = "Darq.Steps";

    private readonly ConcurrentDictionary<string, Failure> _last = new(StringComparer.Ordinal);

    /// <summary>What was logged last of a delivery, once; null for nothing.</summary>
    public Failure? Take(string delivery) => _last.TryRemove(delivery, out var last) ? last : null;

    /// <summary>Puts itself before the log of the app, of whatever make that is.</summary>
    public void Watch(IServiceCollection services)
    {
        var registered = services.Last(service => service.ServiceType == typeof(ILoggerFactory) && !service.IsKeyedService);
        // Under a key the container goes on making it, and ends it.
        services.Add(
            registered switch
            {
                { ImplementationInstance: { } instance } => ServiceDescriptor.KeyedSingleton(typeof(ILoggerFactory), this, instance),
                { ImplementationFactory: { } create } => ServiceDescriptor.KeyedSingleton(
                    typeof(ILoggerFactory),
                    this,
                    (provider, _) => create(provider)
                ),
                _ => ServiceDescriptor.KeyedSingleton(typeof(ILoggerFactory), this, registered.ImplementationType!),
            }
        );
        services.AddSingleton<ILoggerFactory>(provider => new Factory(this, provider.GetRequiredKeyedService<ILoggerFactory>(this)));
    }

    /// <summary>A line of the log, and what was thrown.</summary>
    public sealed record Failure(string Line, Exception? Thrown);

    private sealed class Factory(DeliveryFailures failures, ILoggerFactory inner) : ILoggerFactory
    {
        public ILogger CreateLogger(string categoryName) => new Logger(failures, inner.CreateLogger(categoryName), categoryName);

        public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

        public void Dispose() { }
    }

    private sealed class Logger(DeliveryFailures failures, ILogger inner, string category) : ILogger
    {
        private readonly LogLevel _least = category == StepsCategory ? LogLevel.Debug : LogLevel.Error;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => inner.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => inner.IsEnabled(logLevel) || IsNoted(logLevel);

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            if (IsNoted(logLevel) && (exception is not null || category == StepsCategory))
            {
                failures._last[DeliveryContext.Current!] = new(formatter(state, exception), exception);
            }

            if (inner.IsEnabled(logLevel))
            {
                inner.Log(logLevel, eventId, state, exception, formatter);
            }
        }

        private bool IsNoted(LogLevel level) => level >= _least && level != LogLevel.None && DeliveryContext.Current is not null;
    }
}
