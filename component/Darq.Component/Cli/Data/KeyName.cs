using System.Globalization;

namespace Darq.Component.Cli.Data;

/// <summary>What the name of a key in a partition says: whose it is and of which type it has to be.</summary>
/// <param name="Partition">The partition, or -1 for a tag that no partition has.</param>
/// <param name="Kind">The letters after the tag; empty for a name that is none of ours.</param>
/// <param name="Rest">What comes after them, such as <c>group:topic</c>.</param>
internal sealed record KeyName(int Partition, string Kind, string Rest)
{
    private static readonly Dictionary<string, (string Type, Func<string, bool> IsRest)> Kinds = new(StringComparer.Ordinal)
    {
        ["m"] = ("hash", static rest => rest.Length == 0),
        ["wlh"] = ("hash", static rest => rest.Length == 0),
        ["t"] = ("stream", static rest => IsNames(rest, 1)),
        ["i"] = ("hash", static rest => Bucket(rest) is not null),
        ["o"] = ("zset", static rest => IsNames(rest, 2)),
        ["q"] = ("zset", static rest => IsNames(rest, 2)),
        ["qb"] = ("hash", static rest => IsNames(rest, 2)),
        ["c"] = ("hash", static rest => IsNames(rest, 1)),
        ["s"] = ("string", static _ => true),
        ["r"] = ("hash", static rest => StoredNumbers.TryRead(rest, out _)),
        [SetAside] = ("", static _ => true),
    };

    /// <summary>
    /// The kind of keys that a repair moved out of the way: <c>&lt;tag&gt;:damaged:&lt;n&gt;:&lt;rest of the name&gt;</c>.
    /// </summary>
    public const string SetAside = "damaged";

    /// <summary>The type that Redis must give for it; empty where any will do.</summary>
    public string Type => Kinds.TryGetValue(Kind, out var kind) ? kind.Type : "";

    public bool IsOurs => Kind.Length > 0;

    /// <summary>
    /// The field of the header that names a bucket, such as <c>d:orders</c>, and the bucket's number; null for a key that is no bucket.
    /// </summary>
    public (string Field, long Number)? AsBucket() =>
        Kind == "i" ? Bucket(Rest)
        : Kind == "r" && StoredNumbers.TryRead(Rest, out var number) ? ("r", number)
        : null;

    /// <summary>Reads the name of a key under one of the tags.</summary>
    /// <param name="key">The whole name.</param>
    /// <param name="tags">The partitions by their tags.</param>
    public static KeyName Parse(string key, IReadOnlyDictionary<string, int> tags)
    {
        var close = key.IndexOf('}', StringComparison.Ordinal);
        if (close < 0 || !tags.TryGetValue(key[..(close + 1)], out var partition))
        {
            return new(-1, "", "");
        }

        var words = key[(close + 1)..].Split(':', 3);
        if (words is not ["", var kind, ..] || !Kinds.TryGetValue(kind, out var known))
        {
            return new(partition, "", "");
        }

        var rest = words.Length == 3 ? words[2] : "";
        return new(partition, known.IsRest(rest) ? kind : "", rest);
    }

    /// <summary>Where a repair moves a key, in the same slot.</summary>
    public static string AsideOf(string key, long number)
    {
        var close = key.IndexOf('}', StringComparison.Ordinal);
        return string.Create(CultureInfo.InvariantCulture, $"{key[..(close + 1)]}:{SetAside}:{number}{key[(close + 1)..]}");
    }

    private static (string Field, long Number)? Bucket(string rest) =>
        rest.Split(':') is [{ Length: > 0 } topic, ['d' or 'r', ..] bucket] && StoredNumbers.TryRead(bucket[1..], out var number)
            ? ($"{bucket[0]}:{topic}", number)
            : null;

    /// <summary>Names of groups and topics are encoded, so that no colon is part of one.</summary>
    private static bool IsNames(string rest, int count) =>
        rest.Split(':') is var names && names.Length == count && names.All(name => name.Length > 0);
}
