using Darq.Engine.Core;

namespace Darq.Engine.Redis;

/// <summary>
/// Asks replicas for their persistence, at the addresses that their primary names. An answer, or that there was none, is taken for true
/// for a minute.
/// </summary>
internal sealed class ReplicaConsoles(RedisOptions options, TimeProvider time)
{
    private static readonly TimeSpan AskedEvery = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(1);

    // Of those that the primary named last; replaced as a whole.
    private volatile Dictionary<string, Answer> _known = [];

    public async Task<IReadOnlyList<ReplicaFacts>> AskAsync(IReadOnlyList<ReplicaFacts> replicas, CancellationToken cancellation)
    {
        var answers = await Task.WhenAll(replicas.Select(replica => AskAsync(replica, cancellation)));
        _known = answers.DistinctBy(answer => answer.Facts.Address).ToDictionary(answer => answer.Facts.Address);
        return [.. answers.Select(answer => answer.Facts)];
    }

    private async Task<Answer> AskAsync(ReplicaFacts replica, CancellationToken cancellation) =>
        _known.TryGetValue(replica.Address, out var known) && time.GetElapsedTime(known.At) < AskedEvery
            ? known with
            {
                Facts = known.Facts with { Follows = replica.Follows },
            }
            : new(await AskAnewAsync(replica, cancellation), time.GetTimestamp());

    private async Task<ReplicaFacts> AskAnewAsync(ReplicaFacts replica, CancellationToken cancellation)
    {
        var colon = replica.Address.LastIndexOf(':');
        await using var console = new RedisConsole(
            options with
            {
                Host = replica.Address[..colon],
                Port = int.Parse(replica.Address.AsSpan(colon + 1), System.Globalization.CultureInfo.InvariantCulture),
                Sentinel = null,
                DialTimeout = MaxWait,
                CallTimeout = MaxWait,
            },
            time
        );
        try
        {
            await console.ConnectAsync(cancellation);
            var answers = await console.ExecuteAsync(
                [
                    new("CONFIG", "GET", "appendfsync"),
                    new("CONFIG", "GET", "appendonly"),
                    new("CONFIG", "GET", "no-appendfsync-on-rewrite"),
                ],
                cancellation
            );
            return answers.FirstOrDefault(answer => answer.Error is not null) is { Error: { } error }
                ? replica with
                {
                    Why = error,
                }
                : replica with
                {
                    AlwaysFsyncs = Value(answers[0]) == "always" && Value(answers[1]) == "yes" && Value(answers[2]) == "no",
                };
        }
        catch (Exception fault) when (fault is RedisUnavailableException or RedisRefusedException)
        {
            return replica with { Why = fault.Message };
        }
    }

    private static string Value(CommandReply answer) => answer.Items.Count == 2 ? CommandReply.TextOf(answer.Items[1]) : "";

    private sealed record Answer(ReplicaFacts Facts, long At);
}
