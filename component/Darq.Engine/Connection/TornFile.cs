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
    /// <summary>
    /// To be called in front of a recovery. Returns why the server does not do it, where that is its last word. Throws the faults of
    /// <see cref="IRedis"/>, also while the server cannot do it yet. Safe to repeat.
    /// </summary>
    public async Task<string?> LeaveAsync(ServerDescription server, CancellationToken cancellation)
    {
        if (!server.HasLoadedFile || !await IsRestartedAsync(server.ReplicationId, cancellation))
        {
            return null;
        }

        try
        {
            return await redis.RewriteFileAsync(cancellation)
                ? null
                : throw new RedisUnavailableException(
                    "the server was started again and writes its append-only file anew, as soon as it can"
                )
                {
                    HasAnswered = true,
                };
        }
        catch (RedisRefusedException refused) when (!refused.IsAway)
        {
            return refused.Message;
        }
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
