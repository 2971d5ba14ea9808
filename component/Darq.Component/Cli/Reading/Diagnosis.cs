using Darq.Component.Cli.Checks;
using Darq.Component.Cli.Data;
using Darq.Component.Cli.Findings;
using Darq.Component.Cli.Options;
using Darq.Component.Cli.Output;
using Darq.Engine.Connection;
using Darq.Engine.Redis;

namespace Darq.Component.Cli.Reading;

/// <summary>
/// One look at a server and a namespace, in this order: the server, the namespace, its members, the headers of its partitions, all keys,
/// then partition by partition what they say. Writes nothing. Memory grows with topics and lanes, not with messages or state.
/// </summary>
internal sealed class Diagnosis(IRedisCommands redis, Target target, Progress progress)
{
    // One file per family; each looks at what the server said, and at nothing else.
    private static readonly Func<ServerFacts, IEnumerable<Finding>>[] ServerChecks =
    [
        ServerCheck.Judge,
        MemoryCheck.Judge,
        PersistenceCheck.Judge,
        ReplicationCheck.Judge,
        PermissionCheck.OfDoctor,
    ];

    private readonly FindingList _findings = new();
    private readonly ServerReader _server = new(redis);
    private readonly Scans _scans = new(redis);

    /// <summary>The identity of the data that these are to replace; null where none was given.</summary>
    public string? Replaced { private get; init; }

    /// <summary>The world-line whose loss an operator accepts; null where none was given.</summary>
    public string? AcceptedLoss { private get; init; }

    /// <param name="componentUser">The Redis user whose permissions are checked; null for the login.</param>
    /// <param name="cancellation">Ends the look.</param>
    public async Task<Report> RunAsync(string? componentUser, CancellationToken cancellation)
    {
        var facts = await _server.ReadAsync(await redis.ConnectAsync(cancellation), target.Redis.Database, cancellation);
        NamespaceScope? scope = null;
        var keys = 0L;
        try
        {
            scope = await EnterAsync(facts, cancellation);
            if (scope is not null)
            {
                facts = facts with { OldestWorldLine = await OldestWorldLineAsync(scope, cancellation) };
                keys = await LookAsync(scope, cancellation);
            }
        }
        catch (RefusedScanException refused)
        {
            (facts, scope) = (facts with { Errors = [.. facts.Errors, (refused.Command, refused.Error)] }, null);
        }

        _findings.AddRange(ServerChecks.SelectMany(check => check(facts)));
        var (user, missing) = await _server.PermissionsAsync(
            componentUser,
            $"{PartitionTag.Of(target.Namespace, 0, scope?.Headers.Count ?? 1)}:m",
            cancellation
        );
        _findings.AddRange(PermissionCheck.Judge(user, missing));
        return new(redis.Address, target.Namespace, facts, scope?.Headers.Count, keys, _findings, scope);
    }

    /// <summary>The namespace, or nothing where it does not exist or cannot be read.</summary>
    private async Task<NamespaceScope?> EnterAsync(ServerFacts server, CancellationToken cancellation)
    {
        var key = $"{{{target.Namespace}}}:ns";
        var answers = await redis.ExecuteAsync(
            [new("TYPE", key), new("HMGET", key, "p", "f", "id", "old", "broken", "accepted")],
            cancellation
        );
        if (answers[0].Error is { } error)
        {
            throw new RefusedScanException("TYPE", error);
        }

        string[] fields = [.. answers[1].Items.Select(CommandReply.TextOf), "", "", ""];
        int? partitions = StoredNumbers.TryRead(fields[0], out var number) && number is > 0 and <= 1024 ? (int)number : null;
        string? Optional(int at) =>
            answers[1].Items is { Count: > 0 } items && !items[at].IsNothing ? CommandReply.TextOf(items[at]) : null;
        var facts = new NamespaceFacts(partitions, fields[1], fields[2], Optional(3)) { Broken = Optional(4), Accepted = Optional(5) };
        _findings.AddRange(NamespaceCheck.Judge(target.Namespace, answers[0].Text, facts, target.Partitions));
        _findings.AddRange(ReplacedDataCheck.Judge(key, facts, Replaced));
        _findings.AddRange(BrokenPromiseCheck.Judge(key, facts, AcceptedLoss));
        var count = partitions ?? target.Partitions;
        return count is null || facts.Format.Length > 0 && facts.Format != Handshake.Format
            ? null
            : new(target.Namespace, facts, count.Value, server.NowMs, _findings);
    }

    private async Task<long> LookAsync(NamespaceScope scope, CancellationToken cancellation)
    {
        await LookAtMembersAsync($"{{{scope.Name}}}:members", scope, cancellation);
        var headers = new HeaderReader(_scans);
        foreach (var header in scope.Headers)
        {
            await headers.ReadAsync(header, cancellation);
        }

        var keys = new KeyPass(redis, _scans, scope);
        keys.Progressed += seen => progress.Show($"{seen:N0} keys");
        var count = await keys.RunAsync(cancellation);
        var partitions = new PartitionPass(redis, _scans, scope);
        foreach (var header in scope.Headers)
        {
            progress.Show($"{count:N0} keys, partition {header.Partition + 1} of {scope.Headers.Count}");
            await partitions.RunAsync(header, cancellation);
        }

        await new BuiltInPass(redis, _scans, scope).RunAsync(cancellation);
        return count;
    }

    private async Task LookAtMembersAsync(string key, NamespaceScope scope, CancellationToken cancellation)
    {
        var type = (await redis.ExecuteAsync([new("TYPE", key)], cancellation))[0].Text;
        if (type is not ("hash" or "none"))
        {
            _findings.Add(MembersCheck.OfType(key, type, scope.NextAside()));
            return;
        }

        await foreach (var (session, value) in _scans.PairsAsync("HSCAN", key, null, cancellation))
        {
            _findings.Add(MembersCheck.Judge(key, session, value));
        }
    }

    private async Task<long> OldestWorldLineAsync(NamespaceScope scope, CancellationToken cancellation)
    {
        var header = scope.Headers[0];
        var answers = await redis.ExecuteAsync([new("HGET", header.Key, "wl"), new("HKEYS", $"{header.Tag}:wlh")], cancellation);
        return answers[1]
            .Items.Select(CommandReply.TextOf)
            .Append(answers[0].Text)
            .Select(text => StoredNumbers.TryRead(text, out var worldLine) ? worldLine : 0)
            .Where(worldLine => worldLine > 0)
            .DefaultIfEmpty(0)
            .Min();
    }
}
