using Darq.Engine.Core;

namespace Darq.Engine.Redis;

/// <summary>
/// Asks replicas for their persistence, at the addresses that their primary names. An answer, or that there was none, is taken for true
/// for a minute. Calls come one at a time.
/// </summary>
internal sealed class ReplicaConsoles(RedisOptions options, TimeProvider time)
{
    private static readonly TimeSpan AskedEvery = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, (ReplicaFacts Facts, long At)> _known = [];

    public async Task<IReadOnlyList<ReplicaFacts>> AskAsync(IReadOnlyList<ReplicaFacts> replicas, CancellationToken cancellation)
    {
        foreach (var gone in _known.Keys.Except(replicas.Select(replica => replica.Address)).ToArray())
        {
            _known.Remove(gone);
        }

        return await Task.WhenAll(replicas.Select(replica => AskAsync(replica, cancellation)));
    }

    private async Task<ReplicaFacts> AskAsync(ReplicaFacts replica, CancellationToken cancellation)
    {
        (ReplicaFacts Facts, long At) known;
        lock (_known)
        {
            if (_known.TryGetValue(replica.Address, out known) && time.GetElapsedTime(known.At) < AskedEvery)
            {
                return known.Facts with { Follows = replica.Follows };
            }
        }

        known = (await AskAnewAsync(replica, cancellation), time.GetTimestamp());
        lock (_known)
        {
            _known[replica.Address] = known;
        }

        return known.Facts;
    }

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
}
