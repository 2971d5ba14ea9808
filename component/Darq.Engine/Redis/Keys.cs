using System.Buffers;
using System.Globalization;
using System.Text;

namespace Darq.Engine.Redis;

/// <summary>
/// The names of all keys that C# addresses; the function library derives a partition's other keys from its header's tag
/// (ARCHITECTURE.md lists them all, with type, owner and lifetime). One instance per namespace.
/// </summary>
internal sealed class Keys(string namespaceName, int partitions)
{
    private static readonly SearchValues<char> Plain = SearchValues.Create(
        string.Concat(
            Enumerable.Range(0x21, 0x5e).Select(code => (char)code).Where(letter => !"%:,{}".Contains(letter, StringComparison.Ordinal))
        )
    );

    private readonly string[] _tags = [.. Enumerable.Range(0, partitions).Select(p => $"{{{namespaceName}:{p}}}")];
    private readonly string[] _partitionHeaders = [.. Enumerable.Range(0, partitions).Select(p => $"{{{namespaceName}:{p}}}:m")];

    public int Partitions => _tags.Length;

    /// <summary>Hash: number of partitions, format, identity. Lives as long as the namespace.</summary>
    public string Namespace { get; } = $"{{{namespaceName}}}:ns";

    /// <summary>Hash: session to last heartbeat. An entry lives for a minute after the last one.</summary>
    public string Members { get; } = $"{{{namespaceName}}}:members";

    /// <summary>Hash: the partition's numbers and replication id.</summary>
    public string PartitionHeader(int partition) => _partitionHeaders[partition];

    /// <summary>Hash: a session's last batch. Expires half an hour to an hour after it.</summary>
    public string Session(int partition, string session) => $"{_tags[partition]}:c:{session}";

    /// <summary>Stream: the messages of a topic. An entry lives until every group has acked it.</summary>
    public string Stream(int partition, string topic) => $"{_tags[partition]}:t:{topic}";

    /// <summary>Channel: names of topics that armed readers must read again.</summary>
    public string WakeUps(int partition) => _tags[partition] + ":w";

    /// <summary>The partition behind a wake-up channel, or -1 for any other channel.</summary>
    public static int PartitionOfWakeUps(string channel)
    {
        var close = channel.LastIndexOf('}');
        var colon = close < 0 ? -1 : channel.LastIndexOf(':', close);
        return
            colon > 0
            && int.TryParse(
                channel.AsSpan(colon + 1, close - colon - 1),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out var partition
            )
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
}
