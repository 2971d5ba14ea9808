using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace Darq.Engine.Redis;

/// <summary>
/// The names of all keys that C# addresses; the function library derives a partition's other keys from its tag (ARCHITECTURE.md lists
/// them all, with type, owner and lifetime). One instance per namespace.
/// </summary>
internal sealed class Keys
{
    /// <summary>Names of header fields kept for the next request; beyond it they are made again.</summary>
    private const int MaxFields = 4096;

    private static readonly SearchValues<char> Plain = SearchValues.Create(
        string.Concat(
            Enumerable.Range(0x21, 0x5e).Select(code => (char)code).Where(letter => !"%:,{}".Contains(letter, StringComparison.Ordinal))
        )
    );

    /// <summary>Field of a partition header: the buckets in which the results of steps are.</summary>
    public static readonly RedisArgument ResultsField = "r";

    private readonly string[] _tags;
    private readonly RedisArgument[] _tagArguments;
    private readonly string[] _partitionHeaders;
    private readonly ConcurrentDictionary<(char Kind, string Group, string Topic), RedisArgument> _fields = new();

    public Keys(string namespaceName, int partitions)
    {
        _tags = [.. Enumerable.Range(0, partitions).Select(partition => PartitionTag.Of(namespaceName, partition, partitions))];
        _tagArguments = Array.ConvertAll(_tags, tag => (RedisArgument)tag);
        _partitionHeaders = Array.ConvertAll(_tags, tag => tag + ":m");
        Namespace = $"{{{namespaceName}}}:ns";
        Members = $"{{{namespaceName}}}:members";
    }

    public int Partitions => _tags.Length;

    /// <summary>Hash: number of partitions, format, identity. Lives as long as the namespace.</summary>
    public string Namespace { get; }

    /// <summary>Hash: session to last heartbeat. An entry lives for a minute after the last one.</summary>
    public string Members { get; }

    /// <summary>What all keys of a partition begin with, as an argument of a call.</summary>
    public RedisArgument Tag(int partition) => _tagArguments[partition];

    /// <summary>Hash: the partition's numbers and replication id.</summary>
    public string PartitionHeader(int partition) => _partitionHeaders[partition];

    /// <summary>Hash: a session's last two batches. Expires half an hour to an hour after the last.</summary>
    public string Session(int partition, string session) => $"{_tags[partition]}:c:{session}";

    /// <summary>Stream: the messages of a topic. An entry lives until every group has acked it.</summary>
    public string Stream(int partition, string topic) => $"{_tags[partition]}:t:{topic}";

    /// <summary>Channel: names of topics that armed readers must read again.</summary>
    public string WakeUps(int partition) => _tags[partition] + ":w";

    /// <summary>Field of a partition header: the numbers of a topic.</summary>
    public RedisArgument TopicField(string topic) => Field('t', "", topic);

    /// <summary>Field of a partition header: the buckets in which a topic's duplicates are found, by id (d) or by event (r).</summary>
    public RedisArgument DuplicatesField(char kind, string topic) => Field(kind, "", topic);

    /// <summary>Field of a partition header: a lane.</summary>
    public RedisArgument LaneField(string group, string topic) => Field('l', group, topic);

    /// <summary>The partition behind a wake-up channel, or -1 for any other channel.</summary>
    public static int PartitionOfWakeUps(string channel)
    {
        var close = channel.LastIndexOf('}');
        var last = close < 0 ? -1 : channel.LastIndexOf(':', close);
        var first = last <= 0 ? -1 : channel.LastIndexOf(':', last - 1);
        return
            first > 0
            && int.TryParse(channel.AsSpan(first + 1, last - first - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var partition)
            ? partition
            : -1;
    }

    /// <summary>
    /// A group or topic as it stands inside key names: percent-encoded where a byte is a separator
    /// (<c>% : , { }</c>), a control character or not ASCII, so that two pairs never share a key.
    /// </summary>
    public static string Encode(string name)
    {
        // Every request of a batch encodes names, and hardly any name needs it.
        if (!name.AsSpan().ContainsAnyExcept(Plain))
        {
            return name;
        }

        var encoded = new StringBuilder(name.Length);
        foreach (var b in Encoding.UTF8.GetBytes(name))
        {
            if (Plain.Contains((char)b))
            {
                encoded.Append((char)b);
            }
            else
            {
                encoded.Append('%').Append(b.ToString("X2", CultureInfo.InvariantCulture));
            }
        }
        return encoded.ToString();
    }

    /// <summary>The reverse of <see cref="Encode"/>.</summary>
    public static string Decode(string encoded) => Uri.UnescapeDataString(encoded);

    private RedisArgument Field(char kind, string group, string topic)
    {
        if (_fields.TryGetValue((kind, group, topic), out var known))
        {
            return known;
        }

        RedisArgument made = kind == 'l' ? $"l:{Encode(group)}:{Encode(topic)}" : $"{kind}:{Encode(topic)}";
        return _fields.Count < MaxFields ? _fields.GetOrAdd((kind, group, topic), made) : made;
    }
}
