using Microsoft.Extensions.Logging;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>The component's log, in virtual time. An error in it fails the simulation, unless it tells of what was simulated.</summary>
internal sealed class Trace(Simulation world, string process) : ILoggerFactory
{
    public ILogger CreateLogger(string categoryName) => new Logger(world, process);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose() { }

    private sealed class Logger(Simulation world, string process) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => world.IsTold || logLevel >= LogLevel.Error;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            var text = $"{process}: {eventId.Name}: {formatter(state, exception)} {exception}";
            world.Say(text);
            if (logLevel >= LogLevel.Error && !IsExpected(eventId.Name))
            {
                world.Loop.Fail(new InvalidOperationException(text, exception));
            }
        }

        private bool IsExpected(string? line) =>
            line switch
            {
                "PrimaryWasRefused" => world.Has(Hazards.RedisErrors),
                "HeaderIsDamaged" or "LaneIsDamaged" or "HeartbeatWasDamaged" or "KeyIsDamaged" or "RetryQueueIsDamaged" => world.Has(
                    Hazards.DamagedKeys
                ),
                "AppliedWritesWereLost" => world.Has(Hazards.SuffixLoss),
                _ => false,
            };
    }
}
