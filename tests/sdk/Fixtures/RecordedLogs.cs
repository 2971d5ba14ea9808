using System.Collections.Concurrent;
using Darq.Tests.Shared;
using Microsoft.Extensions.Logging;

namespace Darq.Tests.Sdk.Fixtures;

/// <summary>Gives an app one <see cref="RecordedLog"/> for each category.</summary>
internal sealed class RecordedLogs : ILoggerProvider
{
    private readonly ConcurrentDictionary<string, RecordedLog> _logs = new(StringComparer.Ordinal);

    public IReadOnlyCollection<LogLine> Of(string category) => Log(category).Lines;

    public ILogger CreateLogger(string categoryName) => Log(categoryName);

    public void Dispose() { }

    private RecordedLog Log(string category) => _logs.GetOrAdd(category, _ => new RecordedLog());
}
