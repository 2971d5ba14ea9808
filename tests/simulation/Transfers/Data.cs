using System.Globalization;
using Darq.Partitions;
using Darq.Redis;
using Darq.Tests.Simulation.Server;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>What lies in Redis, read and damaged beside the component by somebody who knows its keys.</summary>
internal sealed class Data(FakeServer server, NamespaceOptions options)
{
    private readonly string[] _tags = [.. Enumerable.Range(0, options.Partitions).Select(p => new Keys(options.Name, options.Partitions).Mark(p)[..^2])];

    /// <summary>Replaces a state value by a plain string, which no command of ours can read.</summary>
    public void Damage(string key) => server.Execute(["SET", StateKey(key), "damaged"]);

    public long State(string key) => Number(StateKey(key), "v");

    public string Tag(int partition) => _tags[partition];

    /// <summary>The partition that a key of ours belongs to, or -1.</summary>
    public int PartitionOf(string key) => Array.FindIndex(_tags, tag => key.StartsWith(tag, StringComparison.Ordinal));

    /// <summary>The sum of a number that each partition has under a key.</summary>
    public long Sum(string key, string field) => _tags.Sum(tag => Number($"{tag}:{key}", field));

    public long Number(string key, string field) => Text(key, field) is { } text ? long.Parse(text, CultureInfo.InvariantCulture) : 0;

    public string? Text(string key, string field) => server.Execute(["HGET", key, field])[0] is Reply.Bulk { Text: { } text } ? text : null;

    private string StateKey(string key) => $"{_tags[PartitionHash.OfState(key, null, _tags.Length)]}:s:{key}";
}
