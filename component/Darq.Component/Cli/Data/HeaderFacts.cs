namespace Darq.Component.Cli.Data;

/// <summary>The header of a partition: its fixed fields, and the names of the others.</summary>
internal sealed class HeaderFacts(int partition, string tag)
{
    private static readonly string[] Fixed = ["boot", "wl", "lsn", "id", "f", "broken", "dl"];

    private readonly Dictionary<string, string> _fixed = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SortedSet<string>> _topics = new(StringComparer.Ordinal);

    public int Partition { get; } = partition;

    public string Tag { get; } = tag;

    public string Key => Tag + ":m";

    /// <summary>Whether it is of the right type, or not there at all; another check has the other case.</summary>
    public bool IsReadable { get; set; } = true;

    /// <summary>Whether the partition has other keys, without which a missing header is that of a partition that was never used.</summary>
    public bool HasKeys { get; set; }

    /// <summary>The highest number of a bucket that is there, for each field that names buckets.</summary>
    public Dictionary<string, long> NewestBuckets { get; } = new(StringComparer.Ordinal);

    public bool Exists => _fixed.Count > 0 || _topics.Count > 0 || Buckets.Count > 0 || Unknown.Count > 0;

    /// <summary>Topics with the groups of their lanes.</summary>
    public IReadOnlyDictionary<string, SortedSet<string>> Topics => _topics;

    /// <summary>The fields that say in which buckets names are, with their texts.</summary>
    public Dictionary<string, string> Buckets { get; } = new(StringComparer.Ordinal);

    /// <summary>Fields that no version wrote.</summary>
    public List<string> Unknown { get; } = [];

    /// <summary>A fixed field; null where it is missing.</summary>
    public string? this[string field] => _fixed.GetValueOrDefault(field);

    /// <summary>The world-line, or 0 where it is damaged or missing.</summary>
    public long WorldLine => StoredNumbers.TryRead(this["wl"] ?? "", out var worldLine) ? worldLine : 0;

    /// <summary>Takes a field in; safe to repeat, as a scan may show a field twice.</summary>
    public void Add(string field, string value)
    {
        var words = field.Split(':');
        switch (words)
        {
            case [var name] when Fixed.Contains(name, StringComparer.Ordinal):
                _fixed[field] = value;
                break;
            case ["r"] or ["r" or "d", { Length: > 0 }]:
                Buckets[field] = value;
                break;
            case ["t", { Length: > 0 } topic]:
                AddTopic(topic);
                foreach (var group in TopicNumbers.Parse(value)?.Groups ?? [])
                {
                    AddLane(group, topic);
                }

                break;
            case ["l", { Length: > 0 } group, { Length: > 0 } topic]:
                AddLane(group, topic);
                break;
            default:
                if (!Unknown.Contains(field, StringComparer.Ordinal))
                {
                    Unknown.Add(field);
                }

                break;
        }
    }

    public void AddTopic(string topic) => _topics.TryAdd(topic, new(StringComparer.Ordinal));

    public void AddLane(string group, string topic)
    {
        AddTopic(topic);
        _topics[topic].Add(group);
    }
}

/// <summary>What <c>{ns}:ns</c> says of a namespace.</summary>
/// <param name="Partitions">How many it has; null where it does not say so.</param>
/// <param name="Format">The format of its data.</param>
/// <param name="Identity">What tells it from another one of the same name.</param>
/// <param name="Replaced">The identities of the data that these replace, as they stand there; null where there is no such field.</param>
internal sealed record NamespaceFacts(int? Partitions, string Format, string Identity, string? Replaced = null)
{
    /// <summary>The world-line that ended with a loss of what Redis had confirmed as durable, as it stands there; null for none.</summary>
    public string? Broken { get; init; }

    /// <summary>Up to which of these an operator accepted the loss, as it stands there; null for none.</summary>
    public string? Accepted { get; init; }
}
