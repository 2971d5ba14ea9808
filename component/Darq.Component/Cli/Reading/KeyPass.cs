using Darq.Component.Cli.Checks;
using Darq.Component.Cli.Data;
using Darq.Component.Cli.Findings;
using Darq.Component.Cli.Repairs;
using Darq.Engine.Redis;

namespace Darq.Component.Cli.Reading;

/// <summary>Goes over all keys of a namespace's partitions once: names, types, and what small records say.</summary>
internal sealed class KeyPass(IRedisCommands redis, Scans scans, NamespaceScope scope)
{
    /// <summary>Each may have a mebibyte.</summary>
    private const int BodiesPerPage = 10;

    /// <summary>Raised after each page, with the number of keys seen so far.</summary>
    public event Action<long>? Progressed;

    public async Task<long> RunAsync(CancellationToken cancellation)
    {
        var seen = 0L;
        await foreach (var page in scans.KeysAsync($"{{{scope.Name}:", cancellation))
        {
            var types = await redis.ExecuteAsync([.. page.Select(key => new RedisCommand("TYPE", key))], cancellation);
            for (var i = 0; i < page.Count; i++)
            {
                await JudgeAsync(page[i], types[i], cancellation);
            }

            seen += page.Count;
            Progressed?.Invoke(seen);
        }

        return seen;
    }

    private async Task JudgeAsync(string key, CommandReply answer, CancellationToken cancellation)
    {
        var name = KeyName.Parse(key, scope.Tags);
        if (answer.Error is not null)
        {
            throw new RefusedScanException("TYPE", answer.Error);
        }

        if (KeyCheck.Judge(key, name, answer.Text) is { } finding)
        {
            scope.Findings.Add(finding.Severity == Severity.Error ? finding with { Repair = Aside(key, name, answer.Text) } : finding);
        }
        else if (answer.Text != "none")
        {
            Note(name);
            await LookIntoAsync(key, name, cancellation);
        }
    }

    private Repair Aside(string key, KeyName name, string type) =>
        name.Kind == "m"
            ? SetAsideRepair.OfHeader(scope.Headers[name.Partition], type, scope.NextAside(), scope.Facts.Identity, scope.WorldLine)
            // Sessions, results and values are looked up each time.
            : SetAsideRepair.Of(key, type, scope.NextAside()) with
            {
                ConcernsOwners = name.Kind is "t" or "o" or "q" or "qb",
            };

    /// <summary>What the names of keys say of topics, lanes and buckets, which the header may not name.</summary>
    private void Note(KeyName name)
    {
        var header = scope.Headers[name.Partition];
        header.HasKeys |= name.Kind is not ("c" or "m");
        switch (name.Kind)
        {
            case "t":
                header.AddTopic(name.Rest);
                break;
            case "o" or "q" or "qb":
                var colon = name.Rest.IndexOf(':', StringComparison.Ordinal);
                header.AddLane(name.Rest[..colon], name.Rest[(colon + 1)..]);
                break;
            case "i" or "r" when name.AsBucket() is var (field, number):
                header.NewestBuckets[field] = Math.Max(number, header.NewestBuckets.GetValueOrDefault(field));
                break;
        }
    }

    private async Task LookIntoAsync(string key, KeyName name, CancellationToken cancellation)
    {
        switch (name.Kind)
        {
            case "c":
                var record = (await redis.ExecuteAsync([new("HMGET", key, "n", "x")], cancellation))[0].Items;
                if (record is [var n, var x] && !(n.IsNothing && x.IsNothing))
                {
                    scope.Findings.Add(KeyCheck.Session(key, name, Text(n), Text(x), scope.NextAside()));
                }

                break;
            case "wlh":
                await foreach (var (worldLine, lsn) in scans.PairsAsync("HSCAN", key, null, cancellation))
                {
                    scope.Findings.Add(KeyCheck.WorldLine(key, name, worldLine, lsn));
                }

                break;
            case "q":
                await LookIntoQueueAsync(key, name, cancellation);
                break;
            case "qb":
                await LookIntoBodiesAsync(key, name, cancellation);
                break;
        }
    }

    /// <summary>What is kept of messages whose entries in the queue are gone, so that nobody would deliver them.</summary>
    private async Task LookIntoBodiesAsync(string key, KeyName name, CancellationToken cancellation)
    {
        var queue = $"{scope.Headers[name.Partition].Tag}:q:{name.Rest}";
        await foreach (var (score, _) in scans.PairsAsync("HSCAN", key, null, cancellation, perPage: BodiesPerPage))
        {
            var answers = await redis.ExecuteAsync([new("ZCOUNT", queue, score, score), new("HGET", key, score)], cancellation);
            if (answers[0].Text == "0" && !answers[1].Reply.IsNothing)
            {
                scope.Findings.Add(QueueCheck.WithoutEntry(queue, name, score, answers[1].Reply.Bytes));
            }
        }
    }

    private async Task LookIntoQueueAsync(string key, KeyName name, CancellationToken cancellation)
    {
        var bodies = $"{scope.Headers[name.Partition].Tag}:qb:{name.Rest}";
        await foreach (var (member, score) in scans.PairsAsync("ZSCAN", key, null, cancellation))
        {
            if (KeyCheck.IsQueued(member, score))
            {
                var exists = (await redis.ExecuteAsync([new("HEXISTS", bodies, score)], cancellation))[0];
                scope.Findings.Add(exists.Text == "0" ? QueueCheck.WithoutBody(key, name, member, score) : null);
                continue;
            }

            var body = (await redis.ExecuteAsync([new("HGET", bodies, score)], cancellation))[0];
            scope.Findings.Add(QueueCheck.Judge(key, name, member, score, body.Reply.IsNothing ? null : body.Reply.Bytes));
        }
    }

    private static string? Text(RedisReply reply) => reply.IsNothing ? null : CommandReply.TextOf(reply);
}
