using System.Globalization;
using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Testing.Server;
using Darq.Tests.Shared;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>What lies in Redis, read beside its damage, and damaged, beside the component by somebody who knows its keys.</summary>
internal sealed class Data(FakeServer server, NamespaceOptions options)
{
    private readonly string[] _tags =
    [
        .. Enumerable.Range(0, options.Partitions).Select(p => new Keys(options.Name, options.Partitions).PartitionHeader(p)[..^2]),
    ];

    /// <summary>Replaces a state value by one of another type, which no command of ours can read.</summary>
    public void Damage(string key) => server.Execute(["DEL", StateKey(key)], ["HSET", StateKey(key), "v", "damaged"]);

    public long State(string key) =>
        Stored(StateKey(key)) is { } stored ? long.Parse(stored.Split(' ', 3)[2], CultureInfo.InvariantCulture) : 0;

    public string Tag(int partition) => _tags[partition];

    /// <summary>The partition that a key of ours belongs to, or -1.</summary>
    public int PartitionOf(string key) => Array.FindIndex(_tags, tag => key.StartsWith(tag, StringComparison.Ordinal));

    /// <summary>The world-line of the first partition, which is that of all.</summary>
    public long WorldLine => long.Parse(Header(0, "wl")!, CultureInfo.InvariantCulture);

    public string? Header(int partition, string field) => Text($"{_tags[partition]}:m", field);

    /// <summary>The names of the fields of a hash; of another key, none.</summary>
    public IEnumerable<string> Fields(string key) =>
        Read("HKEYS", key) is Reply.List fields ? fields.Items.Select(field => ((Reply.Bulk)field).Text!) : [];

    public TopicNumbers Topic(int partition, string topic) => TopicNumbers.Parse(Header(partition, $"t:{topic}"));

    /// <summary>The lane of a group and topic, <paramref name="name"/> being <c>group:topic</c>.</summary>
    public LaneNumbers Lane(int partition, string name) => LaneNumbers.Parse(Header(partition, $"l:{name}"));

    public long SumOfTopic(string topic) => Enumerable.Range(0, _tags.Length).Sum(partition => Topic(partition, topic).Last);

    public long SumOfLanes(string group, string topic, Func<LaneNumbers, long> number) =>
        Enumerable.Range(0, _tags.Length).Sum(partition => number(Lane(partition, $"{group}:{topic}")));

    /// <summary>
    /// How many messages of a lane were acked in whatever way, and how many were counted as consumed, dead or expired, or
    /// are in the retry queue. Whatever was appended and not acked is pending in the stream.
    /// </summary>
    public (long Acked, long Counted) Books(int partition, string name)
    {
        var lane = Lane(partition, name);
        var above = ((Reply.List)Read("ZRANGE", $"{_tags[partition]}:o:{name}", "0", "-1")).Items.Sum(interval =>
            Length(((Reply.Bulk)interval).Text!)
        );
        var queued = ((Reply.Integer)Read("ZCARD", $"{_tags[partition]}:q:{name}")).Value;
        var acked = SeqOf(lane.Watermark) - lane.Start + above;
        return (acked, lane.Consumed + lane.Dead + lane.Expired + queued);
    }

    /// <summary>What is left to do for a group: why the first of its lanes is not at its end, or null where all are.</summary>
    public string? Unsettled(string group, string topic)
    {
        for (var partition = 0; partition < _tags.Length; partition++)
        {
            var (last, lane) = (Topic(partition, topic).Last, Lane(partition, $"{group}:{topic}"));
            var queued = Members($"{_tags[partition]}:q:{group}:{topic}", "-inf", "+inf").Count();
            if (SeqOf(lane.Watermark) != last || queued > 0 || lane.Expired > 0)
            {
                return $"{group} has acked {topic} up to {lane.Watermark} of {last} in partition {partition}, {queued} wait in the retry "
                    + $"queue, {lane.Expired} have expired";
            }
        }

        return null;
    }

    /// <summary>Whether a message of a lane is neither consumed nor dead nor expired.</summary>
    public bool IsPending(int partition, string name, long seq)
    {
        var number = seq.ToString(CultureInfo.InvariantCulture);
        return !IsAcked(partition, name, seq) || Members($"{_tags[partition]}:q:{name}", number, number).Any();
    }

    private bool IsAcked(int partition, string name, long seq) =>
        seq <= SeqOf(Lane(partition, name).Watermark)
        || Members($"{_tags[partition]}:o:{name}", "-inf", seq.ToString(CultureInfo.InvariantCulture))
            .Any(interval => EndOf(interval) >= seq);

    private IEnumerable<string> Members(string key, string from, string to) =>
        ((Reply.List)Read("ZRANGEBYSCORE", key, from, to)).Items.Select(member => ((Reply.Bulk)member).Text!);

    private string? Text(string key, string field) => Read("HGET", key, field) is Reply.Bulk { Text: { } text } ? text : null;

    private string? Stored(string key) => Read("GET", key) is Reply.Bulk { Text: { } text } ? text : null;

    /// <summary>Reads what is there, or was before the damage.</summary>
    private Reply Read(params string[] command) => server.Damage.Lifted(() => server.Execute(command)[0]);

    private static long SeqOf(string streamId) => long.Parse(streamId.Split('-')[1], CultureInfo.InvariantCulture);

    private static long EndOf(string interval) => long.Parse(interval.Split(':')[1], CultureInfo.InvariantCulture);

    private static long Length(string interval) => EndOf(interval) - long.Parse(interval.Split(':')[0], CultureInfo.InvariantCulture) + 1;

    private string StateKey(string key) => $"{_tags[PartitionHash.OfState(key, _tags.Length)]}:s:{key}";
}
