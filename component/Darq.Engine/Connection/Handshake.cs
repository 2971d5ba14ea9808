using System.Globalization;
using Darq.Engine.Core;
using Darq.Engine.Redis;

namespace Darq.Engine.Connection;

/// <summary>
/// The checks before a primary is used, in order: version and settings of the server, function library, namespace, recovery of its
/// partitions for this server process, session. Every part is safe to repeat; the first component to come does the work. Throws
/// <see cref="DarqException"/> (Misconfigured) with the setting to change, or the faults of <see cref="IRedis"/>.
/// </summary>
internal sealed class Handshake(IRedis redis, Keys keys, NamespaceOptions options, Random random)
{
    public const string Format = "1";

    private static readonly Version OldestRedis = new(7, 0);
    private static readonly Version OldestValkey = new(7, 2);

    private string? _identity;

    public async Task<HandshakeResult> RunAsync(Session? session, long worldLine, CancellationToken cancellation)
    {
        Check(await redis.DescribeAsync(cancellation));
        await LoadLibraryAsync(cancellation);
        _identity = await EnterNamespaceAsync(cancellation);
        var recovered = await RecoverAsync(_identity, worldLine, cancellation);
        var opened = await OpenAsync(session, cancellation);
        return recovered with { Session = opened };
    }

    private static void Check(ServerDescription server)
    {
        var oldest = server.Product == "Valkey" ? OldestValkey : OldestRedis;
        if (server.Version < oldest)
        {
            throw Misconfigured(
                $"the server is {server.Product} {server.Version}; accepted: Redis 7.0 or later, Valkey 7.2 or later. Upgrade it, "
                    + "or point redisHost at another"
            );
        }

        if (server.ClusterEnabled)
        {
            throw Misconfigured("the server runs in cluster mode, which is not available yet; point redisHost at a standalone server");
        }

        if (server.EvictionPolicy is not ("" or "noeviction"))
        {
            throw Misconfigured(
                $"maxmemory-policy is '{server.EvictionPolicy}'; accepted: noeviction, because an evicted key is a lost message. "
                    + "Run: CONFIG SET maxmemory-policy noeviction"
            );
        }

        if (server.Role == "slave")
        {
            throw new RedisUnavailableException("The server is a replica; waiting for the primary.");
        }
    }

    private async Task LoadLibraryAsync(CancellationToken cancellation)
    {
        try
        {
            var build = await redis.CallAsync(new(FunctionLibrary.Function("build"), [], [], ReadOnly: true), cancellation);
            if (int.Parse(build.ToString(), CultureInfo.InvariantCulture) >= FunctionLibrary.Build)
            {
                return;
            }

            await redis.LoadLibraryAsync(FunctionLibrary.Code, replace: true, cancellation);
        }
        catch (RedisRefusedException refused) when (IsMissingFunction(refused))
        {
            await redis.LoadLibraryAsync(FunctionLibrary.Code, replace: false, cancellation);
        }
    }

    public static bool IsMissingFunction(RedisRefusedException refused) =>
        refused.Message.Contains("Function not found", StringComparison.Ordinal);

    private async Task<string> EnterNamespaceAsync(CancellationToken cancellation)
    {
        var candidate =
            random.NextInt64().ToString("x16", CultureInfo.InvariantCulture)
            + random.NextInt64().ToString("x16", CultureInfo.InvariantCulture);
        var found = (
            await redis.CallAsync(
                new(FunctionLibrary.Function("namespace"), [keys.Namespace], [options.Partitions, Format, _identity ?? candidate]),
                cancellation
            )
        ).Items;
        if (found[0].ToString() != options.Partitions.ToString(CultureInfo.InvariantCulture))
        {
            throw Misconfigured(
                $"partitions is {options.Partitions}, but namespace '{options.Name}' was created with {found[0]}; set partitions "
                    + $"to {found[0]}, or use another namespace"
            );
        }

        if (found[1].ToString() != Format)
        {
            throw Misconfigured(
                $"namespace '{options.Name}' has data format {found[1]}, this component writes {Format}; use a component of that "
                    + "version, or another namespace"
            );
        }

        var identity = found[2].ToString();
        if (_identity is not null && _identity != identity)
        {
            throw Foreign(identity);
        }

        return identity;
    }

    private async Task<HandshakeResult> RecoverAsync(string identity, long worldLine, CancellationToken cancellation)
    {
        var headers = Enumerable.Range(0, keys.Partitions).Select(keys.PartitionHeader).ToArray();
        var answer = (
            await redis.CallAsync(new(FunctionLibrary.Function("recover"), headers, [identity, Format, worldLine]), cancellation)
        ).Items;
        switch (answer[0].ToString())
        {
            case "FOREIGN":
                throw Foreign(answer[1].ToString());
            case "FORMAT":
                throw Misconfigured(
                    $"partitions of namespace '{options.Name}' have data format {answer[1]}, this component writes {Format}"
                );
        }
        return new(
            long.Parse(answer[1].ToString(), CultureInfo.InvariantCulture),
            answer[2].ToString(),
            answer[3].ToString() == "1",
            [.. answer.Skip(4).Select(survived => Position.Parse(survived.ToString()))],
            null!
        );
    }

    /// <summary>Opens the session, or a new one where there is none; its record is created if it does not exist.</summary>
    private async Task<Session> OpenAsync(Session? session, CancellationToken cancellation)
    {
        var current = session ?? Session.Create(random, keys.Partitions);
        await redis.CallAsync(
            new(
                FunctionLibrary.Function("open"),
                [keys.Session(current.Partition, current.Id), keys.PartitionHeader(current.Partition)],
                [(long)Session.Life.TotalMilliseconds]
            ),
            cancellation
        );
        return current;
    }

    private DarqException Foreign(string found) =>
        Misconfigured(
            $"namespace '{options.Name}' in this Redis has identity {found}, not the {_identity} this component worked with: the "
                + "data was replaced or flushed; restart the component to accept it"
        );

    private static DarqException Misconfigured(string text) => new(ErrorCode.Misconfigured, $"MISCONFIGURED: {text}.");
}
