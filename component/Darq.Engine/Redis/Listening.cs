using StackExchange.Redis;

namespace Darq.Engine.Redis;

/// <summary>
/// One subscriber's channels. The client subscribes again by itself after a reconnect; this class moves them to another primary.
/// </summary>
internal sealed class Listening(
    IReadOnlyList<string> channels,
    Action<string, string> received,
    Action<Listening> ended,
    TimeSpan within,
    TimeProvider time
) : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private ConnectionMultiplexer? _on;

    /// <summary>Subscribes on this connection, once. The owner of an earlier connection closes it with its subscriptions.</summary>
    public async Task<bool> ListenAsync(ConnectionMultiplexer connection, CancellationToken cancellation)
    {
        if (_on == connection)
        {
            return true;
        }

        var subscriber = connection.GetSubscriber();
        // Messages have a connection of their own, and the client does not queue commands for it.
        using var deadline = new CancellationTokenSource(within, time);
        while (!subscriber.IsConnected())
        {
            if (deadline.IsCancellationRequested)
            {
                throw new TimeoutException("There is no connection for messages.");
            }

            await Task.Delay(Pause, time, cancellation);
        }
        try
        {
            await Task.WhenAll(channels.Select(channel => subscriber.SubscribeAsync(RedisChannel.Sharded(channel), Receive)));
            _on = connection;
            return true;
        }
        catch
        {
            // The client keeps a subscription that it could not send, and would call twice after the next attempt.
            await EndAsync(subscriber);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        ended(this);
        if (_on is not null)
        {
            await EndAsync(_on.GetSubscriber());
        }
    }

    private async Task EndAsync(ISubscriber subscriber)
    {
        try
        {
            foreach (var channel in channels)
            {
                await subscriber.UnsubscribeAsync(RedisChannel.Sharded(channel), Receive, CommandFlags.FireAndForget);
            }
        }
        catch (Exception fault) when (fault is RedisException or ObjectDisposedException)
        {
            // The subscription has ended with its connection.
        }
    }

    private void Receive(RedisChannel channel, RedisValue text) => received(channel.ToString(), text.ToString());
}
