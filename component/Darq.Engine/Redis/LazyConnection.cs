using StackExchange.Redis;

namespace Darq.Engine.Redis;

/// <summary>
/// A connection of the client that is opened when it is first needed. Disposing also closes one that is still being opened, which
/// would otherwise try for ever to reach a server that is away.
/// </summary>
internal sealed class LazyConnection(Func<Task<ConnectionMultiplexer>> connect, TimeSpan dialTimeout, TimeProvider time) : IAsyncDisposable
{
    private readonly Lock _lock = new();

    // Under _lock.
    private Task<ConnectionMultiplexer>? _connecting;
    private bool _isDisposed;

    private volatile ConnectionMultiplexer? _current;

    /// <summary>The connection, whether it works or not; null before it was made.</summary>
    public ConnectionMultiplexer? Current => _current;

    /// <summary>Waits for the first connection for as long as dialling may take; throws the reason where there is none.</summary>
    public ValueTask<ConnectionMultiplexer> OpenAsync(CancellationToken cancellation)
    {
        if (_current is { } connection)
        {
            return new(connection);
        }

        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_connecting is null or { IsFaulted: true } or { IsCanceled: true })
            {
                _connecting = ConnectAsync();
            }

            return new(_connecting.WaitAsync(dialTimeout, time, cancellation));
        }
    }

    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _isDisposed = true;
        }

        if (_current is { } connection)
        {
            await CloseAsync(connection);
        }
    }

    private async Task<ConnectionMultiplexer> ConnectAsync()
    {
        // Connecting has synchronous parts, which must not run under the caller's lock.
        await Task.Yield();
        var connection = await connect();
        lock (_lock)
        {
            if (!_isDisposed)
            {
                return _current = connection;
            }
        }
        await CloseAsync(connection);
        throw new ObjectDisposedException(nameof(LazyConnection));
    }

    /// <summary>
    /// Waits for no reply: a server that is silent would hold the close for as long as the largest call may take. What calls were still out
    /// fail, and the callers know what that means.
    /// </summary>
    private static Task CloseAsync(ConnectionMultiplexer connection) => connection.CloseAsync(allowCommandsToComplete: false);
}
