using Darq.Component.Cli.Data;
using Darq.Component.Cli.Findings;
using Darq.Engine.Redis;

namespace Darq.Component.Cli.Reading;

/// <summary>What one look at a namespace collects, and what its parts share.</summary>
internal sealed class NamespaceScope
{
    private long _aside;

    public NamespaceScope(string name, NamespaceFacts facts, int partitions, long nowMs, FindingList findings)
    {
        (Name, Facts, NowMs, Findings, _aside) = (name, facts, nowMs, findings, nowMs);
        Headers = [.. Enumerable.Range(0, partitions).Select(p => new HeaderFacts(p, PartitionTag.Of(name, p, partitions)))];
        Tags = Headers.ToDictionary(header => header.Tag, header => header.Partition, StringComparer.Ordinal);
    }

    public string Name { get; }

    public NamespaceFacts Facts { get; }

    /// <summary>The server's clock in ms when the look began.</summary>
    public long NowMs { get; }

    public FindingList Findings { get; }

    /// <summary>The headers of all partitions.</summary>
    public IReadOnlyList<HeaderFacts> Headers { get; }

    public IReadOnlyDictionary<string, int> Tags { get; }

    /// <summary>The highest world-line of all partitions.</summary>
    public long WorldLine => Headers.Max(header => header.WorldLine);

    /// <summary>A number under which no key was set aside yet.</summary>
    public long NextAside() => _aside++;
}
