using Darq.Engine.Core;
using Darq.Engine.Redis;

namespace Darq.Engine.Connection;

/// <summary>
/// Keeps half a call from being executed after a crash. An append-only file that was torn inside a call is loaded without that call, but
/// keeps its beginning: the end of the next call in the file ends it, too, and the load after this one executes what is there of it. So a
/// server that was started on its file begins another one before anything of ours is written.
/// </summary>
internal sealed class TornFile(IRedis redis, Keys keys)
{
    /// <summary>Between them a handshake pauses up to two seconds, so that these take some seven.</summary>
    private const int MaxTries = 8;

    // Of one server process: how often it could not do it yet.
    private (string ReplicationId, int Count) _tries = ("", 0);

    /// <summary>
    /// Why the last server that was asked has not begun another file; null where it has, or was not asked. To be taken when it is said.
    /// </summary>
    public string? WhyKept { get; set; }

    /// <summary>
    /// To be called in front of a recovery. Throws the faults of <see cref="IRedis"/>, also while the server cannot do it yet because
    /// another child process of it runs, some tries long: then work goes on, and the server does it when it can. Safe to repeat.
    /// </summary>
    public async Task LeaveAsync(ServerDescription server, CancellationToken cancellation)
    {
        if (!server.HasLoadedFile || !await IsRestartedAsync(server.ReplicationId, cancellation))
        {
            return;
        }

        try
        {
            if (await redis.RewriteFileAsync(cancellation))
            {
                WhyKept = null;
                return;
            }
        }
        catch (RedisRefusedException refused) when (!refused.IsAway)
        {
            WhyKept = refused.Message;
            return;
        }

        _tries = (server.ReplicationId, _tries.ReplicationId == server.ReplicationId ? _tries.Count + 1 : 1);
        if (_tries.Count < MaxTries)
        {
            throw new RedisUnavailableException("the server was started again and writes its append-only file anew, as soon as it can")
            {
                HasAnswered = true,
            };
        }

        WhyKept = "another child process of it runs; it begins when that has ended";
    }

    /// <summary>Whether another server process than this one worked with the data last.</summary>
    private async Task<bool> IsRestartedAsync(string replicationId, CancellationToken cancellation)
    {
        // The function also works on a server that is out of memory. No stream has this name.
        var call = new FunctionCall(
            FunctionLibrary.Function("read"),
            keys.PartitionHeader(0),
            [keys.Stream(0, ""), "0", 1],
            ReadOnly: true
        );
        try
        {
            return StreamSlice.Of(await redis.CallAsync(call, cancellation)).ReplicationId is { } known && known != replicationId;
        }
        catch (RedisRefusedException refused) when (!refused.IsAway)
        {
            // The header is damaged.
            return true;
        }
    }
}
