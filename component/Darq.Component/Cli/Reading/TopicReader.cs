using Darq.Component.Cli.Data;
using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Engine.Subscriptions.Retries;

namespace Darq.Component.Cli.Reading;

/// <summary>Reads a topic with its lanes in one partition, as of one moment; more of it only where something is damaged.</summary>
internal sealed class TopicReader(IRedisCommands redis, Scans scans)
{
    private const string PageMax = "100";

    /// <param name="header">The header, as far as it is known.</param>
    /// <param name="topic">The topic, as it stands in keys.</param>
    /// <param name="worldLine">The world-line, where the header's own is damaged.</param>
    /// <param name="cancellation">Ends the reading.</param>
    public async Task<TopicFacts> ReadAsync(HeaderFacts header, string topic, long worldLine, CancellationToken cancellation)
    {
        string[] groups = [.. header.Topics[topic]];
        var tag = header.Tag;
        var answers = await redis.SnapshotAsync(
            [
                new("HMGET", [header.Key, $"t:{topic}", .. groups.Select(group => $"l:{group}:{topic}")]),
                new("XINFO", "STREAM", $"{tag}:t:{topic}"),
                .. groups.SelectMany(group =>
                    (RedisCommand[])[new("ZRANGE", $"{tag}:o:{group}:{topic}", "0", "-1"), new("ZCARD", $"{tag}:q:{group}:{topic}")]
                ),
            ],
            cancellation
        );
        var fields = answers[0].Items;
        var facts = new TopicFacts
        {
            Partition = header.Partition,
            Tag = tag,
            Topic = topic,
            WorldLine = StoredNumbers.Text(header.WorldLine > 0 ? header.WorldLine : worldLine),
            Text = TextOf(fields, 0),
            Stream = answers[1].Error is null ? StreamFacts.Read(answers[1].Items) : null,
            IsForeign = answers.Any(answer => answer.Error is { } error && !error.Contains("no such key", StringComparison.Ordinal)),
            Lanes =
            [
                .. groups.Select(
                    (group, i) =>
                        new LaneFacts(group)
                        {
                            Text = TextOf(fields, i + 1),
                            Ranges = [.. answers[2 + 2 * i].Items.Select(CommandReply.TextOf)],
                            Queued = StoredNumbers.TryRead(answers[3 + 2 * i].Text, out var queued) ? queued : 0,
                        }
                ),
            ],
        };
        return facts.IsForeign ? facts : await CompleteAsync(facts, header, cancellation);
    }

    private static string? TextOf(IReadOnlyList<RedisReply> fields, int at) =>
        at < fields.Count && !fields[at].IsNothing ? CommandReply.TextOf(fields[at]) : null;

    /// <summary>Adds what only a repair needs.</summary>
    private async Task<TopicFacts> CompleteAsync(TopicFacts facts, HeaderFacts header, CancellationToken cancellation)
    {
        if (facts.Stream is { Missing: > 0 } stream)
        {
            facts = facts with { Stream = stream with { Holes = await HolesAsync(facts.StreamKey, stream, cancellation) } };
        }

        var lanes = new List<LaneFacts>(facts.Lanes.Count);
        foreach (var lane in facts.Lanes)
        {
            var isUncertain = lane.Numbers is null || lane.Ranges.Any(range => AckedRange.Parse(range) is null);
            lanes.Add(isUncertain ? lane with { Done = await DoneAsync(facts, lane.Group, header, cancellation) } : lane);
        }

        return facts with
        {
            Lanes = lanes,
        };
    }

    private async Task<IReadOnlyList<AckedRange>> HolesAsync(string key, StreamFacts stream, CancellationToken cancellation)
    {
        var holes = new List<AckedRange>();
        var (after, expected) = ("-", stream.First!.Value.Number);
        var worldLine = stream.First.Value.WorldLine;
        while (expected <= stream.Last.Number)
        {
            var page = (await redis.ExecuteAsync([new("XRANGE", key, after, "+", "COUNT", PageMax)], cancellation))[0].Items;
            foreach (var id in page.Select(StreamFacts.IdOf).OfType<Position>())
            {
                Skip(id.Number);
                (expected, worldLine, after) = (id.Number + 1, id.WorldLine, $"({id}");
            }

            if (page.Count == 0)
            {
                Skip(stream.Last.Number + 1);
                break;
            }
        }

        return holes;

        void Skip(long next)
        {
            if (next > expected)
            {
                holes.Add(new(expected, next - 1, StoredNumbers.Text(worldLine)));
            }
        }
    }

    /// <summary>What a lane is done with in the stream: what waits in its retry queue, and what a step on record consumed.</summary>
    private async Task<IReadOnlyList<AckedRange>> DoneAsync(
        TopicFacts facts,
        string group,
        HeaderFacts header,
        CancellationToken cancellation
    )
    {
        var done = new List<AckedRange>();
        await foreach (var (member, _) in scans.PairsAsync("ZSCAN", $"{facts.Tag}:q:{group}:{facts.Topic}", null, cancellation))
        {
            if (RetryQueueEntry.TryParse(member, out var entry))
            {
                Add(entry.StreamId);
            }
        }

        var named = header.Buckets.TryGetValue("r", out var text) && BucketNumbers.Parse(text) is { } numbers ? numbers.Number : 0;
        var newest = Math.Max(named, header.NewestBuckets.GetValueOrDefault("r"));
        for (var bucket = Math.Max(1, newest - 1); bucket <= newest; bucket++)
        {
            var results = scans.PairsAsync("HSCAN", $"{facts.Tag}:r:{bucket}", $"m:{group}:{facts.Topic}:", cancellation);
            await foreach (var (_, value) in results)
            {
                if (Position.TryParse(value.Split(' ')[0], out var streamId))
                {
                    Add(streamId);
                }
            }
        }

        return done;

        void Add(Position id) => done.Add(new(id.Number, id.Number, StoredNumbers.Text(id.WorldLine)));
    }
}
