using Darq.Engine.Core;
using StackExchange.Redis;

namespace Darq.Engine.Redis;

/// <summary>
/// The connection to the primary: to the address given, or to the one that the sentinels name. The client reopens it when it is
/// lost; when the sentinels name another primary, the old connection is closed for good.
/// </summary>
internal sealed class RedisConnection : IAsyncDisposable
{
    private readonly RedisOptions _options;
    private readonly TimeProvider _time;
    private readonly Sentinels? _sentinels;
    private readonly Lock _lock = new();

    // Under _lock.
    private readonly List<Listening> _listening = [];
    private bool _isDisposed;

    // Replaced under _lock.
    private volatile LazyConnection _primary;
    private volatile LoginWatch _login = new();

    public RedisConnection(RedisOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        _primary = Unconnected();
        if (options.Sentinel is null)
        {
            return;
        }

        _sentinels = new(options, options.Sentinel, time);
        _sentinels.Switched += Doubt;
    }

    /// <summary>
    /// Raised when a lost connection is restored, when another server may have become the primary, and when a server that is connected
    /// does not answer.
    /// </summary>
    public event Action? Restored;

    public bool IsOpen => _primary.Current is { IsConnected: true };

    /// <summary>Whether the server refused the login at the last attempt.</summary>
    public bool IsLoginRefused => _login.IsRefused;

    /// <summary>Whether a Sentinel answered where a Redis was meant to be; the client never calls that connected.</summary>
    public bool IsOfSentinel =>
        _sentinels is null
        && _primary.Current is { IsConnected: false } connection
        && Array.Exists(connection.GetServers(), server => server.ServerType == ServerType.Sentinel);

    /// <summary>Why the last attempt to connect failed; null where none has since the last that succeeded.</summary>
    public string? WhyAway => IsOpen ? null : _login.WhyFailed;

    public RedisRefusedException LoginRefused() =>
        _options.Password is null
            ? new("NOAUTH", "NOAUTH the server asks for a password, and none was given")
            : new("WRONGPASS", "WRONGPASS the user name or password was refused");

    /// <summary>
    /// Waits for the first connection, for as long as dialling may take. Throws <see cref="RedisUnavailableException"/>, and
    /// <see cref="RedisRefusedException"/> as soon as the server refuses the login.
    /// </summary>
    public async ValueTask<ConnectionMultiplexer> OpenAsync(CancellationToken cancellation)
    {
        if (_primary.Current is { } connection)
        {
            return connection;
        }

        try
        {
            var opening = _primary.OpenAsync(cancellation).AsTask();
            await Task.WhenAny(opening, _login.Refused);
            if (!opening.IsCompleted)
            {
                throw LoginRefused();
            }

            return await opening;
        }
        catch (Exception fault) when (fault is not (OperationCanceledException or RedisUnavailableException or RedisRefusedException))
        {
            throw new RedisUnavailableException($"No connection to Redis at {_options.Address}: {WhyAway ?? fault.Message}", fault);
        }
    }

    /// <summary>Moves connection and subscribers to the primary that the sentinels name now.</summary>
    public async Task FollowAsync(CancellationToken cancellation)
    {
        if (_sentinels is null)
        {
            return;
        }

        var named = await _sentinels.PrimaryAsync(cancellation);
        if (_primary is { Current: { } known } old && !known.GetEndPoints().Contains(named))
        {
            lock (_lock)
            {
                if (_isDisposed || _primary != old)
                {
                    return;
                }

                _primary = Unconnected();
            }
            await old.DisposeAsync();
        }
        var connection = await OpenAsync(cancellation);
        Listening[] listening;
        lock (_lock)
        {
            listening = [.. _listening];
        }

        try
        {
            foreach (var one in listening)
            {
                await one.ListenAsync(connection, cancellation);
            }
        }
        catch (Exception fault) when (fault is RedisException or TimeoutException or ObjectDisposedException)
        {
            throw new RedisUnavailableException($"Redis at {_options.Address} took no subscription: {fault.Message}", fault);
        }
    }

    /// <summary>
    /// A call got no answer. With sentinels another server may have become the primary; a server that is connected and silent may be
    /// frozen, which the connection does not show.
    /// </summary>
    public void Doubt()
    {
        if (_sentinels is not null || IsOpen)
        {
            Restored?.Invoke();
        }
    }

    public Listening Listen(IReadOnlyList<string> channels, Action<string, string> received)
    {
        var listening = new Listening(channels, received, End, _options.CallTimeout, _time);
        lock (_lock)
        {
            _listening.Add(listening);
        }

        return listening;
    }

    public async ValueTask DisposeAsync()
    {
        LazyConnection primary;
        lock (_lock)
        {
            (_isDisposed, primary) = (true, _primary);
        }

        await primary.DisposeAsync();
        if (_sentinels is not null)
        {
            await _sentinels.DisposeAsync();
        }
    }

    private LazyConnection Unconnected()
    {
        var login = _login = new LoginWatch(_options.EnableTls);
        return new(() => ConnectAsync(login), _options.DialTimeout, _time);
    }

    private async Task<ConnectionMultiplexer> ConnectAsync(LoginWatch login)
    {
        // Without a token: OpenAsync bounds the wait by the dial timeout.
        var address = _sentinels is null
            ? RedisConfiguration.Address(_options.Host, _options.Port)
            : await _sentinels.PrimaryAsync(CancellationToken.None);
        var configuration = RedisConfiguration.Of(_options, address);
        login.Observe(configuration);
        var connection = await ConnectionMultiplexer.ConnectAsync(configuration);
        connection.ConnectionRestored += (_, restored) =>
        {
            if (restored.ConnectionType == ConnectionType.Interactive)
            {
                Restored?.Invoke();
            }
        };
        return connection;
    }

    private void End(Listening listening)
    {
        lock (_lock)
        {
            _listening.Remove(listening);
        }
    }
}
