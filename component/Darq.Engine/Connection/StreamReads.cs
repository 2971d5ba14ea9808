using Darq.Engine.Core;
using Darq.Engine.Redis;

namespace Darq.Engine.Connection;

/// <summary>
/// Reads entries of streams. Redis refuses the transaction that does it while it is out of memory; a function of the library, which costs
/// more, is not refused, so that a full Redis drains.
/// </summary>
internal sealed class StreamReads(IRedis redis, Keys keys)
{
    /// <summary>As <see cref="IRedis.ReadAsync"/>.</summary>
    public async Task<StreamSlice> ReadAsync(int partition, string topic, string afterId, int maxCount, CancellationToken cancellation)
    {
        var (header, stream) = (keys.PartitionHeader(partition), keys.Stream(partition, topic));
        try
        {
            return await redis.ReadAsync(header, stream, afterId, maxCount, cancellation);
        }
        catch (RedisRefusedException refused) when (refused.Code is "OOM" or "EXECABORT")
        {
            var call = new FunctionCall(FunctionLibrary.Function("read"), header, [stream, afterId, maxCount], ReadOnly: true);
            return StreamSlice.Of(await redis.CallAsync(call, cancellation));
        }
    }
}
