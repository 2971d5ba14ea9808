using System.Globalization;
using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Tests.Simulation.Server;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>What lies in Redis, read and damaged beside the component by somebody who knows its keys.</summary>
internal sealed class Data(FakeServer server, NamespaceOptions options)
{
    private readonly string[] _tags =
    [
        .. Enumerable.Range(0, options.Partitions).Select(p => new Keys(options.Name, options.Partitions).PartitionHeader(p)[..^2]),
    ];

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

    /// <summary>
    /// How many messages of a lane were passed in whatever way, and how many were counted as consumed, dead or expired, or
    /// are parked. Whatever was appended and not passed is pending in the stream.
    /// </summary>
    public (long Passed, long Counted) Books(string lane)
    {
        string Other(string kind) => lane.Replace(":l:", $":{kind}:", StringComparison.Ordinal);
        var upTo = Text(lane, "u")?.Split('-')[1];
        var above = ((Reply.List)server.Execute(["ZRANGE", Other("o"), "0", "-1"])[0]).Items.Sum(interval =>
            Length(((Reply.Bulk)interval).Text!)
        );
        var parked = ((Reply.Integer)server.Execute(["ZCARD", Other("q")])[0]).Value;
        var passed = long.Parse(upTo ?? "0", CultureInfo.InvariantCulture) - Number(lane, "st") + above;
        return (passed, Number(lane, "c") + Number(lane, "d") + Number(lane, "x") + parked);
    }

    private static long Length(string interval)
    {
        var ends = interval.Split(':');
        return long.Parse(ends[1], CultureInfo.InvariantCulture) - long.Parse(ends[0], CultureInfo.InvariantCulture) + 1;
    }

    private string StateKey(string key) => $"{_tags[PartitionHash.OfState(key, null, _tags.Length)]}:s:{key}";
}
