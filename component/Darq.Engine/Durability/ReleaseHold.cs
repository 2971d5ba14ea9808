using System.Globalization;
using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Engine.Telemetry;

namespace Darq.Engine.Durability;

/// <summary>
/// Holds what would go outside once Redis has lost what it had confirmed as durable: what others were told is contradicted already, and
/// whatever follows may contradict more. Whoever notices it notes the world-line that the loss ended in the namespace, so that all
/// components hold, also those that start later. An operator looks into it and accepts the loss; then all go on. Safe to call from
/// several threads.
/// </summary>
internal sealed class ReleaseHold(IRedis redis, Keys keys, NamespaceOptions options, Watermark watermark, ILogger log)
{
    private readonly Lock _lock = new();

    // Under _lock. Both only rise, so that a late answer of Redis changes nothing, nor one that has lost what it was told.
    private long _broken;
    private long _accepted;

    // Under _lock. Of the data at the last handshake.
    private string _identity = "";

    /// <summary>The world-line that ended with the loss that waits for an operator; 0 where nothing is held.</summary>
    public long WorldLine
    {
        get
        {
            lock (_lock)
            {
                return Held;
            }
        }
    }

    // Under _lock.
    private long Held => _broken > _accepted ? _broken : 0;

    /// <summary>Something is gone that this process knew as durable when this world-line ended: from now on nothing is released.</summary>
    public void Notice(long worldLine) => Learn(null, worldLine, accepted: 0);

    /// <summary>Other data are there now, with an operator's consent: what became of the former is over.</summary>
    public void Forget(string identity)
    {
        lock (_lock)
        {
            var former = Held;
            (_broken, _accepted, _identity) = (0, 0, identity);
            Follow(former);
        }
    }

    /// <summary>As <see cref="AskAsync(CancellationToken)"/>, of the namespace of this identity, as a handshake found it.</summary>
    public Task<bool> AskAsync(string identity, CancellationToken cancellation)
    {
        lock (_lock)
        {
            _identity = identity;
        }

        return AskAsync(cancellation);
    }

    /// <summary>
    /// Tells the namespace what was noticed, and asks what others have noticed and an operator has accepted. True where releases are held
    /// from now on because of others: what this process has read already may not go out. Throws the faults of <see cref="IRedis"/>. Safe to
    /// repeat.
    /// </summary>
    public async Task<bool> AskAsync(CancellationToken cancellation)
    {
        // It promises nothing that could be broken.
        if (options.Durability.Kind == DurabilityKind.Reply)
        {
            return false;
        }

        string identity;
        long held;
        long accepted;
        lock (_lock)
        {
            (identity, held, accepted) = (_identity, Held, _accepted);
        }

        // A server that refuses writes answers who only asks.
        var hasNews = held > 0 || accepted > 0;
        var function = FunctionLibrary.Function(hasNews ? "promise" : "promised");
        var call = new FunctionCall(function, keys.Namespace, [identity, held, accepted], ReadOnly: !hasNews);
        var answer = (await redis.CallAsync(call, cancellation)).Items;
        return Learn(identity, NumberOf(answer[0]), NumberOf(answer[1]));

        static long NumberOf(RedisReply reply) => long.Parse(reply.ToString(), CultureInfo.InvariantCulture);
    }

    /// <summary>True where nothing was held before. An answer of data that are no longer there, by their identity, says nothing.</summary>
    private bool Learn(string? identity, long broken, long accepted)
    {
        lock (_lock)
        {
            if (identity is not null && identity != _identity)
            {
                return false;
            }

            var former = Held;
            (_broken, _accepted) = (Math.Max(_broken, broken), Math.Max(_accepted, accepted));
            Follow(former);
            return former == 0 && Held > 0;
        }
    }

    /// <summary>Lets the watermark follow, and says so, where what is held has changed; under the lock.</summary>
    private void Follow(long former)
    {
        if (Held == former)
        {
            return;
        }

        if (Held > 0)
        {
            watermark.Hold(Why(Held));
            log.ReleasesAreHeld(options.Name, Held);
        }
        else
        {
            watermark.Resume();
            log.ReleasesGoOn(options.Name, former);
        }
    }

    private string Why(long worldLine) =>
        $"Redis has lost writes of world-line {worldLine} that it had confirmed as durable; nothing is released until an operator accepts "
        + $"that: darq repair --accepts-loss {worldLine} --apply --namespace {options.Name}";
}
