using Darq.Component.Cli.Checks;
using Darq.Component.Cli.Data;
using Darq.Engine.Redis;

namespace Darq.Component.Cli.Reading;

/// <summary>
/// Looks for what Dapr's built-in Redis components left in the database, as far as the login may read it: a stream for each topic of
/// ours, and the first key of a state store within <see cref="MaxPages"/> pages of names.
/// </summary>
internal sealed class BuiltInPass(IRedisCommands redis, Scans scans, NamespaceScope scope)
{
    private const int MaxPages = 20;
    private const int PerPage = 1000;

    public async Task RunAsync(CancellationToken cancellation)
    {
        foreach (var topic in scope.Headers.SelectMany(header => header.Topics.Keys).Distinct(StringComparer.Ordinal))
        {
            var name = Keys.Decode(topic);
            var answer = (await redis.ExecuteAsync([new("XINFO", "STREAM", name)], cancellation))[0];
            if (answer.Error is null && StreamFacts.Read(answer.Items) is { Length: > 0 } stream)
            {
                scope.Findings.Add(BuiltInCheck.OfTopic(name, stream.Length));
            }
        }

        if (await FindStateAsync(cancellation) is { } key)
        {
            scope.Findings.Add(BuiltInCheck.OfState(key));
        }
    }

    /// <summary>A key is that of an app and a name, and a hash that has a version: an etag.</summary>
    private async Task<string?> FindStateAsync(CancellationToken cancellation)
    {
        var pages = 0;
        await foreach (var page in scans.KeysLikeAsync("*||*", PerPage, cancellation))
        {
            string[] keys = [.. page.Where(key => !key.StartsWith('{'))];
            var versions = await redis.ExecuteAsync([.. keys.Select(key => new RedisCommand("HEXISTS", key, "version"))], cancellation);
            if (keys.Zip(versions).FirstOrDefault(found => found.Second is { Error: null, Text: "1" }).First is { } key)
            {
                return key;
            }

            if (++pages == MaxPages)
            {
                break;
            }
        }

        return null;
    }
}
