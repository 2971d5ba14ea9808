using System.Text;
using Darq.Redis;
using Darq.Tests.Simulation.Scheduling;

namespace Darq.Tests.Simulation.Server;

/// <summary>
/// One connection of a simulated process to the fake server, with the manners of TCP: what one side sends arrives late, in
/// order, or not at all; a connection that is cut loses replies of calls that were executed, and calls that the caller
/// gave up may still be executed later.
/// </summary>
internal sealed class FakeRedis : IRedis
{
    private readonly Loop _loop;
    private readonly SimulatedProcess _process;
    private readonly FakeServer _server;
    private readonly Weather _weather;
    private readonly TimeSpan _callTimeout;
    private readonly List<Subscription> _subscriptions = [];
    private readonly List<Action> _waiting = [];
    private DateTimeOffset _lastRequest, _lastReply;
    private int _generation;
    private bool _disposed;

    public FakeRedis(Loop loop, SimulatedProcess process, FakeServer server, Weather weather, TimeSpan callTimeout)
    {
        (_loop, _process, _server, _weather, _callTimeout) = (loop, process, server, weather, callTimeout);
        server.Published += Hear;
        server.UpChanged += ServerChanged;
        Connected = server.Up;
    }

    public event Action? Reconnected;

    public event Action? Disconnected;

    public bool Connected { get; private set; }

    public async Task<RedisReply> CallAsync(FunctionCall call, CancellationToken cancellation) =>
        Convert(await SendAsync(() => _server.Call(call), cancellation));

    public async Task<StreamSlice> ReadAsync(string markKey, string streamKey, string afterId, int maxCount, CancellationToken cancellation)
    {
        string[] boot = ["HGET", FakeServer.Bytes(markKey), "boot"];
        string[] range = ["XRANGE", FakeServer.Bytes(streamKey), "(" + afterId, "+", "COUNT", $"{maxCount}"];
        var replies = await SendAsync(() => _server.Execute(boot, range), cancellation);
        var entries = Convert(replies[1]).Items.Select(Entry).ToArray();
        return new StreamSlice(((Reply.Bulk)replies[0]).Text, entries);
    }

    public async Task<IAsyncDisposable> SubscribeAsync(IReadOnlyList<string> channels, Action<string, string> heard, CancellationToken cancellation)
    {
        var subscription = new Subscription(this, [.. channels.Select(FakeServer.Bytes)], heard);
        await SendAsync(() => { _subscriptions.Add(subscription); return 0; }, cancellation);
        return subscription;
    }

    public Task<ServerDescription> DescribeAsync(CancellationToken cancellation) =>
        SendAsync(() => new ServerDescription("Redis", new Version(7, 0, 15), "master", "noeviction", true, false), cancellation);

    public Task LoadLibraryAsync(string code, bool replace, CancellationToken cancellation) =>
        SendAsync(() => _server.LoadLibrary(code, replace), cancellation);

    public ValueTask DisposeAsync()
    {
        _disposed = true;
        Disconnect();
        _server.Published -= Hear;
        _server.UpChanged -= ServerChanged;
        return ValueTask.CompletedTask;
    }

    /// <summary>Cuts the connection; the client finds its way back on its own.</summary>
    public void Cut()
    {
        Disconnect();
        _loop.After(_weather.ReconnectDelay(), Connect);
    }

    private async Task<T> SendAsync<T>(Func<T> execute, CancellationToken cancellation)
    {
        _loop.EnsureInside();
        cancellation.ThrowIfCancellationRequested();
        if (!Connected)
            throw new RedisUnavailableException("not connected");
        var reply = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var generation = _generation;
        Action lost = () => reply.TrySetException(new RedisUnavailableException("the connection was lost"));
        _waiting.Add(lost);
        _lastRequest = Later(_lastRequest);
        At(_lastRequest, () => Arrive(generation, execute, reply));
        _loop.After(_callTimeout, () => reply.TrySetException(new RedisUnavailableException("no reply in time")));
        if (_weather.CutsNow())
            _loop.After(_weather.Delay(), () => { if (generation == _generation && _process.Alive) Cut(); });
        await using var registration = cancellation.Register(() => reply.TrySetCanceled(cancellation));
        try
        {
            return await reply.Task;
        }
        finally
        {
            _waiting.Remove(lost);
        }
    }

    // A request that was on its way when the connection was cut may have reached the server all the same.
    private void Arrive<T>(int generation, Func<T> execute, TaskCompletionSource<T> reply)
    {
        if (!_server.Up || (generation != _generation && _weather.LosesRequest()))
            return;
        T result;
        try
        {
            result = execute();
        }
        catch (Exception fault)
        {
            _loop.Fail(fault);
            return;
        }
        _lastReply = Later(_lastReply);
        At(_lastReply, () => { if (generation == _generation) reply.TrySetResult(result); });
    }

    private DateTimeOffset Later(DateTimeOffset last)
    {
        var arrival = _loop.Now + _weather.Delay();
        return arrival > last ? arrival : last;
    }

    private void At(DateTimeOffset time, Action action) => _loop.After(time - _loop.Now, action);

    private void Disconnect()
    {
        if (Connected && _process.Alive && !_disposed)
            _process.Post(() => Disconnected?.Invoke());
        Connected = false;
        _generation++;
        foreach (var lost in _waiting.ToArray())
            lost();
        _waiting.Clear();
    }

    private void ServerChanged()
    {
        if (_server.Up)
            _loop.After(_weather.ReconnectDelay(), Connect);
        else
            Disconnect();
    }

    private void Connect()
    {
        if (Connected || _disposed || !_server.Up || !_process.Alive)
            return;
        Connected = true;
        _process.Post(() => Reconnected?.Invoke());
    }

    private void Hear(string channel, string text)
    {
        var generation = _generation;
        foreach (var subscription in _subscriptions.Where(one => one.Channels.Contains(channel)))
        {
            if (Connected && !_weather.LosesMessage())
                _loop.After(_weather.Delay(), () => { if (generation == _generation) _process.Post(() => subscription.Hear(channel, text)); });
        }
    }

    private static StreamEntry Entry(RedisReply entry)
    {
        var fields = entry.Items[1].Items.Chunk(2).Select(pair => KeyValuePair.Create(pair[0].ToString(), pair[1].Bytes));
        return new StreamEntry(entry.Items[0].ToString(), [.. fields]);
    }

    private static RedisReply Convert(Reply reply) => reply switch
    {
        Reply.Error error => throw new RedisRefusedException(error.Text.Split(' ')[0], error.Text),
        Reply.Integer number => RedisReply.Of(Encoding.ASCII.GetBytes($"{number.Value}")),
        Reply.Status status => RedisReply.Of(Encoding.Latin1.GetBytes(status.Text)),
        Reply.Bulk { Text: { } text } => RedisReply.Of(Encoding.Latin1.GetBytes(text)),
        Reply.List list => RedisReply.Of([.. list.Items.Select(Convert)]),
        _ => RedisReply.Nothing,
    };

    private sealed class Subscription(FakeRedis connection, string[] channels, Action<string, string> heard) : IAsyncDisposable
    {
        private bool _ended;

        public string[] Channels => channels;

        public void Hear(string channel, string text)
        {
            if (!_ended)
                heard(Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(channel)), Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(text)));
        }

        public ValueTask DisposeAsync()
        {
            _ended = true;
            connection._subscriptions.Remove(this);
            return ValueTask.CompletedTask;
        }
    }
}
