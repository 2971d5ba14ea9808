using Darq.Partitions;
using Darq.Redis;
using Darq.Telemetry;

namespace Darq.Lanes;

/// <summary>
/// One heartbeat for all lanes of this process on a primary, and the sessions that were alive at the last one. It only
/// makes a take-over prompt; that two holders never both take effect rests on the incarnations.
/// </summary>
internal sealed class Membership(Primary primary, Func<string> subscribed, TimeProvider time, ILogger log)
{
    public static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(500);
    public static readonly TimeSpan Lapse = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(1);

    private volatile HashSet<string>? _alive;

    /// <summary>Whether the session's heartbeat was recent. Before our own first heartbeat everybody counts as alive.</summary>
    public bool IsAlive(string session) => _alive?.Contains(session) ?? true;

    public async Task RunAsync(CancellationToken cancellation)
    {
        // The one who starts it is still adding what it subscribes to, and an empty beat is a goodbye.
        await Task.Yield();
        while (true)
        {
            try
            {
                var session = await primary.ReadyAsync(cancellation);
                var live = await BeatAsync(session, subscribed(), cancellation);
                _alive = [.. live.Items.Select(item => item.ToString())];
            }
            catch (Exception fault) when (fault is RedisUnavailableException or RedisRefusedException)
            {
                // What was known before an outage says nothing about who survived it.
                _alive = null;
                log.HeartbeatFailed(fault.Message);
            }
            await Task.Delay(Beat, time, cancellation);
        }
    }

    /// <summary>Says goodbye, so that nobody waits for the heartbeat to lapse.</summary>
    public Task<RedisReply> LeaveAsync(Session session, CancellationToken cancellation) => BeatAsync(session, "", cancellation);

    private Task<RedisReply> BeatAsync(Session session, string text, CancellationToken cancellation) => primary.CallAsync(
        new(FunctionLibrary.Function("beat"), [primary.Keys.Members], [session.Id, text, (long)Lapse.TotalMilliseconds, (long)Forgotten.TotalMilliseconds]), cancellation);
}
