using StackExchange.Redis;

namespace Darq.Engine.Redis;

/// <summary>
/// One subscriber's channels. After a reconnect the client subscribes again by itself; to another primary they are moved here.
/// </summary>
internal sealed class Listening(
    IReadOnlyList<string> channels,
    Action<string, string> heard,
    Action<Listening> ended,
    TimeSpan within,
    TimeProvider time
) : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private ConnectionMultiplexer? _on;

    /// <summary>Subscribes there, unless that was done before. What it is subscribed to elsewhere is closed by whoever opened it.</summary>
    public async Task<bool> ListenAsync(ConnectionMultiplexer connection, CancellationToken cancellation)
    {
        if (_on == connection)
        {
            return true;
        }

        var subscriber = connection.GetSubscriber();
        // Messages have a connection of their own, and nothing queues for it.
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
            await Task.WhenAll(channels.Select(channel => subscriber.SubscribeAsync(RedisChannel.Literal(channel), Hear)));
            _on = connection;
            return true;
        }
        catch
        {
            // The client keeps even what it could not send, and would call twice after the next attempt.
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
                await subscriber.UnsubscribeAsync(RedisChannel.Literal(channel), Hear, CommandFlags.FireAndForget);
            }
        }
        catch (Exception fault) when (fault is RedisException or ObjectDisposedException)
        {
            // With its connection the subscription has ended.
        }
    }

    private void Hear(RedisChannel channel, RedisValue text) => heard(channel.ToString(), text.ToString());
}
