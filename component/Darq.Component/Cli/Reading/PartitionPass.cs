using Darq.Component.Cli.Checks;
using Darq.Component.Cli.Data;
using Darq.Component.Cli.Findings;
using Darq.Engine.Redis;

namespace Darq.Component.Cli.Reading;

/// <summary>Looks at one partition after another: header, topics with their lanes, buckets, and at last whether it is broken.</summary>
internal sealed class PartitionPass(IRedisCommands redis, Scans scans, NamespaceScope scope)
{
    private readonly TopicReader _topics = new(redis, scans);

    public async Task RunAsync(HeaderFacts header, CancellationToken cancellation)
    {
        if (!header.IsReadable)
        {
            return;
        }

        scope.Findings.AddRange(HeaderCheck.Judge(header, scope.Facts.Identity, scope.WorldLine, scope.NowMs));
        foreach (var topic in header.Topics.Keys)
        {
            var facts = await _topics.ReadAsync(header, topic, scope.WorldLine, cancellation);
            // A group that only a key names is none any more where the topic is gone too.
            if (facts.Text is not null || facts.Stream is not null || facts.Lanes.Any(lane => lane.Text is not null))
            {
                scope.Findings.AddRange(TopicCheck.Judge(facts, scope.NowMs));
            }
        }

        await JudgeBucketsAsync(header, cancellation);
        if (header["broken"] is not null)
        {
            await JudgeBrokenAsync(header, cancellation);
        }
    }

    private async Task JudgeBucketsAsync(HeaderFacts header, CancellationToken cancellation)
    {
        foreach (var field in header.Buckets.Keys.Union(header.NewestBuckets.Keys).ToArray())
        {
            var newest = header.NewestBuckets.GetValueOrDefault(field);
            if (Judge(header, field, header.Buckets.GetValueOrDefault(field), newest) is null)
            {
                continue;
            }

            // Traffic may have opened a bucket since the header was read.
            var bucket = BucketKey(header, field, newest);
            var now = await redis.SnapshotAsync([new("HGET", header.Key, field), new("EXISTS", bucket)], cancellation);
            scope.Findings.Add(Judge(header, field, now[0].TextOrNull, now[1].Text == "1" ? newest : 0));
        }
    }

    private Finding? Judge(HeaderFacts header, string field, string? text, long newest) =>
        text is null && newest == 0 ? null : BucketsCheck.Judge(header.Key, header.Partition, field, text, newest, scope.NowMs);

    private async Task JudgeBrokenAsync(HeaderFacts header, CancellationToken cancellation)
    {
        var isElseSound = !scope.Findings.IsDamaged(header.Partition);
        var forgotten = new List<(string, string)>();
        foreach (var (field, text) in isElseSound ? header.Buckets.Where(field => field.Key != "r") : [])
        {
            if (BucketNumbers.Parse(text) is not { Number: > 0 } numbers)
            {
                continue;
            }

            var (bucket, topic) = (BucketKey(header, field, numbers.Number), field[2..]);
            await foreach (var (name, value) in scans.PairsAsync("HSCAN", bucket, null, cancellation))
            {
                if (
                    BrokenCheck.LastNoted(value, header)?.ToString() is { } id
                    && await IsMissingAsync($"{header.Tag}:t:{topic}", id, cancellation)
                )
                {
                    forgotten.Add((bucket, name));
                }
            }
        }

        scope.Findings.Add(BrokenCheck.Judge(header, isElseSound, forgotten));
    }

    private async Task<bool> IsMissingAsync(string stream, string id, CancellationToken cancellation) =>
        (await redis.ExecuteAsync([new("XRANGE", stream, id, id)], cancellation))[0].Items.Count == 0;

    private static string BucketKey(HeaderFacts header, string field, long number) =>
        field == "r" ? $"{header.Tag}:r:{number}" : $"{header.Tag}:i:{field[2..]}:{field[0]}{number}";
}
