using System.Globalization;
using Darq.Engine.Core;
using Darq.Engine.Redis;

namespace Darq.Engine.Connection;

/// <summary>
/// The checks before a primary is used, in order: version and settings of the server, function library, what a crash left of its file,
/// namespace, recovery of its partitions for this server process, session. Every part is safe to repeat; the first component to come does
/// the work. Throws <see cref="DarqException"/> (Misconfigured) with the setting to change, or the faults of <see cref="IRedis"/>.
/// </summary>
internal sealed class Handshake(IRedis redis, Keys keys, NamespaceOptions options, Random random)
{
    public const string Format = "2";

    public static readonly Version OldestRedis = new(7, 0);
    public static readonly Version OldestValkey = new(7, 2);

    /// <summary>Partitions tried for the record of a new session before a handshake fails.</summary>
    private const int MaxSessionPlaces = 10;

    /// <summary>What Redis says of a partition where too many world-lines have ended since that of the caller.</summary>
    private const string Forgotten = "?";

    private readonly TornFile _torn = new(redis, keys);

    private string? _identity;

    /// <summary>
    /// Makes the handshake for a session that goes on, of which the number <paramref name="answered"/> was answered last, or for a new one.
    /// What the <paramref name="replaced"/> session sent and still arrives is not executed any more.
    /// </summary>
    public async Task<HandshakeResult> RunAsync(
        Session? session,
        long answered,
        Session? replaced,
        long worldLine,
        CancellationToken cancellation
    )
    {
        var server = await redis.DescribeAsync(cancellation);
        Check(server);
        await LoadLibraryAsync(cancellation);
        if (server.ClusterEnabled)
        {
            await CheckClusterAsync(cancellation);
        }

        await _torn.LeaveAsync(server, cancellation);
        var identity = await EnterNamespaceAsync(cancellation);
        var recovered = await RecoverAsync(identity, worldLine, cancellation);
        if (_identity is { } former && former != identity)
        {
            // No position in the data before says anything of these.
            recovered = recovered with
            {
                Survived = new Position[recovered.Survived.Count],
                Replaced = former,
            };
        }

        var opened = await OpenAsync(session, answered, replaced, cancellation);
        return recovered with { Session = opened, Identity = identity, KeepsFile = _torn.WhyKept };
    }

    /// <summary>What a handshake found is taken in: data other than these are foreign from now on.</summary>
    public void Keep(HandshakeResult found) => (_identity, _torn.WhyKept) = (found.Identity, null);

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

        if (server.EvictionPolicy is not ("" or "noeviction"))
        {
            throw Misconfigured(
                $"maxmemory-policy is '{server.EvictionPolicy}'; accepted: noeviction, because an evicted key is a lost message. "
                    + "Run: CONFIG SET maxmemory-policy noeviction; a managed service has it in its parameter group or advanced settings, "
                    + "and where others need eviction the component needs a Redis of its own"
            );
        }

        if (server.Role == "slave")
        {
            throw new RedisUnavailableException("the server is a replica; point redisHost at its primary, or wait until it is one itself")
            {
                HasAnswered = true,
            };
        }
    }

    private async Task LoadLibraryAsync(CancellationToken cancellation)
    {
        try
        {
            var build = await redis.CallAsync(new(FunctionLibrary.Function("build"), null, [], ReadOnly: true), cancellation);
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

    /// <summary>One call may touch any partition, so that all of them have to be on one server.</summary>
    private async Task CheckClusterAsync(CancellationToken cancellation)
    {
        var call = new FunctionCall(FunctionLibrary.Function("cluster"), null, [], ReadOnly: true);
        var found = (await redis.CallAsync(call, cancellation)).Items;
        var (shards, slots) = (found[0].ToString(), found[1].ToString());
        if (shards == "0")
        {
            throw new RedisUnavailableException("the server's cluster has not come up yet") { HasAnswered = true };
        }

        if (shards != "1" || slots != PartitionTag.Slots.ToString(CultureInfo.InvariantCulture))
        {
            throw Misconfigured(
                $"the server is in a Redis Cluster of {shards} shards with {slots} slots assigned; accepted: a standalone server, "
                    + $"Sentinel, or a cluster whose one shard has all {PartitionTag.Slots} slots. Point redisHost at one of these"
            );
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
                new(FunctionLibrary.Function("namespace"), keys.Namespace, [options.Partitions, Format, _identity ?? candidate]),
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
                $"namespace '{options.Name}' has data format {found[1]}; accepted: {Format}, because no version reads the data of another "
                    + "format. Set namespace to a new name, or delete the keys that begin with "
                    + $"'{{{options.Name}'"
            );
        }

        var identity = found[2].ToString();
        if (_identity is not null && _identity != identity && !found[3].ToString().Split(' ').Contains(_identity))
        {
            throw Foreign(identity);
        }

        return identity;
    }

    private async Task<HandshakeResult> RecoverAsync(string identity, long worldLine, CancellationToken cancellation)
    {
        RedisArgument[] arguments = [identity, Format, worldLine, .. Enumerable.Range(0, keys.Partitions).Select(keys.Tag)];
        var answer = (
            await redis.CallAsync(new(FunctionLibrary.Function("recover"), keys.PartitionHeader(0), arguments), cancellation)
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
        string[] found = [.. answer.Skip(4).Select(partition => partition.ToString())];
        return new(
            long.Parse(answer[1].ToString(), CultureInfo.InvariantCulture),
            answer[2].ToString(),
            [.. found.Select(SurvivedOf)],
            [.. found.Where(IsDamage).Select(partition => partition[1..])],
            null!
        )
        {
            Forgotten = found.Contains(Forgotten),
        };

        static Position SurvivedOf(string partition) =>
            IsDamage(partition) ? new(long.MaxValue, 0)
            : partition == Forgotten ? default
            : Position.Parse(partition);

        static bool IsDamage(string partition) => partition.StartsWith('!');
    }

    /// <summary>Keeps the session open where Redis still has its record, else opens a new one.</summary>
    private async Task<Session> OpenAsync(Session? session, long answered, Session? replaced, CancellationToken cancellation)
    {
        if (session is not null && await IsOpenAsync(session, isNew: false, answered, replaced: null, cancellation))
        {
            return session;
        }

        for (var i = 1; ; i++)
        {
            var opened = Session.Create(random, keys.Partitions);
            try
            {
                await IsOpenAsync(opened, isNew: true, answered: 0, session ?? replaced, cancellation);
                return opened;
            }
            catch (RedisRefusedException refused) when (IsDamaged(refused) && i < MaxSessionPlaces)
            {
                // Its record would lie in a partition with a damaged header; the next lies in another, most likely.
            }
        }
    }

    /// <summary>
    /// Opens a session, or renews one; false where there is no record of it to renew, or one from before the last answer. Batches without
    /// an answer may be in it or not: they are sent again.
    /// </summary>
    public async Task<bool> IsOpenAsync(Session session, bool isNew, long answered, Session? replaced, CancellationToken cancellation)
    {
        RedisArgument[] arguments = [(long)Session.Life.TotalMilliseconds, isNew ? 1 : 0, replaced is null ? "" : KeyOf(replaced)];
        try
        {
            var call = new FunctionCall(FunctionLibrary.Function("open"), KeyOf(session), arguments);
            var reply = (await redis.CallAsync(call, cancellation)).ToString();
            // Another code says nothing of the session: the first call that follows hears the same.
            return long.TryParse(reply, NumberStyles.None, CultureInfo.InvariantCulture, out var last)
                ? last >= answered
                : reply != "SESSION_GONE";
        }
        catch (RedisRefusedException refused) when (!isNew && IsDamaged(refused))
        {
            return false;
        }
    }

    private static bool IsDamaged(RedisRefusedException refused) => refused.Message.Contains("DAMAGED", StringComparison.Ordinal);

    private string KeyOf(Session session) => keys.Session(session.Partition, session.Id);

    private DarqException Foreign(string found) =>
        Misconfigured(
            $"namespace '{options.Name}' in this Redis has identity {found}, not the {_identity} this component worked with: the "
                + "data was replaced or flushed. Where that was meant, accept it once for all components: darq repair --replaces "
                + $"{_identity} --apply --namespace {options.Name}, with --redis-host and what else logs in to this Redis"
        );

    private static DarqException Misconfigured(string text) => new(ErrorCode.Misconfigured, $"MISCONFIGURED: {text}.");
}
