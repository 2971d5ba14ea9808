using System.Text;
using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Testing.Scheduling;

namespace Darq.Testing.Server;

/// <summary>
/// One connection of a simulated process to the fake server, with the manners of TCP: what one side sends arrives late, in
/// order, or not at all; a connection that is cut loses replies of calls that were executed, and calls that the caller
/// gave up may still be executed later, on that connection or sent again on the next. It stays with the node that it was
/// made to, whatever becomes of that node's role.
/// </summary>
internal sealed class FakeRedis : IRedis
{
    private readonly Loop _loop;
    private readonly SimulatedProcess _process;
    private readonly FakeServer _server;
    private readonly Weather _weather;
    private readonly TimeSpan _callTimeout;
    private readonly List<Subscription> _subscriptions = [];
    private readonly List<Waiting> _waiting = [];
    private readonly List<Waiting> _sendAgain = [];
    private FakeNode _node;
    private DateTimeOffset _lastRequest,
        _lastReply;
    private int _generation;
    private bool _disposed;

    public FakeRedis(Loop loop, SimulatedProcess process, FakeServer server, Weather weather, TimeSpan callTimeout)
    {
        (_loop, _process, _server, _weather, _callTimeout) = (loop, process, server, weather, callTimeout);
        server.Published += Hear;
        server.NodesChanged += NodesChanged;
        _node = server.Primary;
        Connected = _node.Up;
    }

    public event Action? Reconnected;

    public string Address => "simulated";

    public string? WhyAway => null;

    public bool Connected { get; private set; }

    public async Task<RedisReply> CallAsync(FunctionCall call, CancellationToken cancellation) =>
        Convert(await SendAsync(node => _server.Call(node, call), cancellation));

    public async Task<StreamSlice> ReadAsync(string header, string streamKey, string afterId, int maxCount, CancellationToken cancellation)
    {
        string[] replicationId = ["HGET", FakeServer.Bytes(header), "boot"];
        string[] range = ["XRANGE", FakeServer.Bytes(streamKey), "(" + afterId, "+", "COUNT", $"{maxCount}"];
        var replies = await SendAsync<Reply[]>(
            node => Refusing(node, Refused.Reads) is { } refused ? [refused, refused] : _server.Execute(replicationId, range),
            cancellation
        );
        var entries = Convert(replies[1]).Items.Select(Entry).ToArray();
        var found = Convert(replies[0]);
        return new StreamSlice(found.IsNothing ? null : found.ToString(), entries);
    }

    public async Task<IAsyncDisposable> SubscribeAsync(
        IReadOnlyList<string> channels,
        Action<string, string> received,
        CancellationToken cancellation
    )
    {
        var subscription = new Subscription(this, [.. channels.Select(FakeServer.Bytes)], received);
        var reply = await SendAsync<Reply>(
            node =>
            {
                if (Refusing(node, Refused.Subscriptions) is { } refused)
                {
                    return refused;
                }

                _subscriptions.Add(subscription);
                return 0;
            },
            cancellation
        );
        Convert(reply);
        return subscription;
    }

    public async Task<ServerDescription> DescribeAsync(CancellationToken cancellation) =>
        new("Redis", new Version(7, 0, 15), await RoleAsync(cancellation), "noeviction", true, false);

    public async Task<DurabilityFacts> DescribeDurabilityAsync(bool askReplicas, CancellationToken cancellation)
    {
        _ = await RoleAsync(cancellation);
        return _server.Durability with { ReplicationId = _server.ReplicationId };
    }

    public async Task<Confirmation> ConfirmAsync(
        FunctionCall tick,
        int replicas,
        bool onDisk,
        TimeSpan within,
        CancellationToken cancellation
    )
    {
        // A connection of its own: what becomes of the other one says nothing of it.
        var (ticked, process, calls) = await AtPrimaryAsync(
            () => (Convert(_server.Call(tick)).ToString(), _server.ReplicationId, _server.JournaledCalls),
            cancellation
        );
        return await AtPrimaryAsync(() => new Confirmation(ticked, _server.Confirm(calls), process == _server.ReplicationId), cancellation);
    }

    private async Task<T> AtPrimaryAsync<T>(Func<T> execute, CancellationToken cancellation)
    {
        _loop.EnsureInside();
        var reply = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _loop.After(
            _weather.Delay(),
            () =>
            {
                try
                {
                    var result = _server.Primary.Up ? execute() : throw new RedisUnavailableException("not connected");
                    _loop.After(_weather.Delay(), () => reply.TrySetResult(result));
                }
                catch (Exception fault)
                {
                    reply.TrySetException(fault);
                }
            }
        );
        await using var registration = cancellation.Register(() => reply.TrySetCanceled(cancellation));
        return await reply.Task;
    }

    /// <summary>It has no file.</summary>
    public Task<bool> RewriteFileAsync(CancellationToken cancellation) => Task.FromResult(true);

    public async Task LoadLibraryAsync(string code, bool replace, CancellationToken cancellation)
    {
        var reply = await SendAsync(
            node =>
                IsPrimary(node)
                    ? _server.LoadLibrary(code, replace)
                    : new Reply.Error("READONLY You can't write against a read only replica."),
            cancellation
        );
        if (reply is Reply.Error { Text: var text } && !text.Contains("already exists", StringComparison.Ordinal))
        {
            Convert(reply);
        }
    }

    public ValueTask DisposeAsync()
    {
        _disposed = true;
        Disconnect();
        _sendAgain.ForEach(waiting => waiting.Fail("the connection was closed"));
        _sendAgain.Clear();
        _server.Published -= Hear;
        _server.NodesChanged -= NodesChanged;
        return ValueTask.CompletedTask;
    }

    /// <summary>Cuts the connection; the client finds its way back on its own.</summary>
    public void Cut()
    {
        Disconnect();
        _loop.After(_weather.ReconnectDelay(), Connect);
    }

    private async Task<string> RoleAsync(CancellationToken cancellation)
    {
        var reply = await SendAsync(
            node => Refusing(node, Refused.Descriptions) ?? (Reply)(IsPrimary(node) ? "master" : "slave"),
            cancellation
        );
        return Convert(reply).ToString();
    }

    private bool IsPrimary(FakeNode node) => node == _server.Primary;

    private Reply.Error? Refusing(FakeNode node, Refused what) => IsPrimary(node) ? _server.ServerErrorOf(what) : null;

    private async Task<T> SendAsync<T>(Func<FakeNode, T> execute, CancellationToken cancellation)
    {
        _loop.EnsureInside();
        cancellation.ThrowIfCancellationRequested();
        if (!Connected)
        {
            throw new RedisUnavailableException("not connected");
        }

        var reply = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var waiting = new Waiting(() => Send(execute, reply), why => reply.TrySetException(new RedisUnavailableException(why)));
        _waiting.Add(waiting);
        waiting.Send();
        _loop.After(_callTimeout, () => waiting.Fail("no reply in time"));
        await using var registration = cancellation.Register(() => reply.TrySetCanceled(cancellation));
        try
        {
            return await reply.Task;
        }
        finally
        {
            _waiting.Remove(waiting);
        }
    }

    private void Send<T>(Func<FakeNode, T> execute, TaskCompletionSource<T> reply)
    {
        var (generation, node) = (_generation, _node);
        _lastRequest = Later(_lastRequest);
        At(_lastRequest, () => Arrive(generation, node, () => execute(node), reply));
        if (_weather.CutsNow())
        {
            _loop.After(
                _weather.Delay(),
                () =>
                {
                    if (generation == _generation && _process.Alive)
                    {
                        Cut();
                    }
                }
            );
        }
    }

    // A request that was on its way when the connection was cut may have reached the server all the same.
    private void Arrive<T>(int generation, FakeNode node, Func<T> execute, TaskCompletionSource<T> reply)
    {
        if (!node.Up || (generation != _generation && _weather.LosesRequest()))
        {
            return;
        }

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
        At(
            _lastReply,
            () =>
            {
                if (generation == _generation)
                {
                    reply.TrySetResult(result);
                }
            }
        );
    }

    private DateTimeOffset Later(DateTimeOffset last)
    {
        var arrival = _loop.Now + _weather.Delay();
        return arrival > last ? arrival : last;
    }

    private void At(DateTimeOffset time, Action action) => _loop.After(time - _loop.Now, action);

    private void Disconnect()
    {
        Connected = false;
        _generation++;
        foreach (var waiting in _waiting.ToArray())
        {
            if (_weather.SendsAgain())
            {
                _sendAgain.Add(waiting);
            }
            else
            {
                waiting.Fail("the connection was lost");
            }
        }
        _waiting.Clear();
    }

    private void NodesChanged()
    {
        if (Connected && _node.Up && (IsPrimary(_node) || _weather.OutlivesFailover()))
        {
            LeaveReplica();
        }
        else
        {
            Cut();
        }
    }

    private void LeaveReplica()
    {
        var generation = _generation;
        if (!IsPrimary(_node))
        {
            _loop.After(
                _weather.StaleTime(),
                () =>
                {
                    if (generation == _generation && !IsPrimary(_node))
                    {
                        Cut();
                    }
                }
            );
        }
    }

    private void Connect()
    {
        if (Connected || _disposed || !_process.Alive || !_server.Primary.Up)
        {
            return;
        }

        _node = _server.Replica.Up && _weather.HasOldAddress() ? _server.Replica : _server.Primary;
        Connected = true;
        foreach (var waiting in _sendAgain)
        {
            _waiting.Add(waiting);
            waiting.Send();
        }
        _sendAgain.Clear();
        _process.Post(() => Reconnected?.Invoke());
        LeaveReplica();
    }

    private void Hear(string channel, string text)
    {
        var generation = _generation;
        foreach (var subscription in _subscriptions.Where(one => one.Channels.Contains(channel)))
        {
            if (Connected && !_weather.LosesMessage())
            {
                _loop.After(
                    _weather.Delay(),
                    () =>
                    {
                        if (generation == _generation)
                        {
                            _process.Post(() => subscription.Hear(channel, text));
                        }
                    }
                );
            }
        }
    }

    private static StreamEntry Entry(RedisReply entry)
    {
        var fields = entry.Items[1].Items.Chunk(2).Select(pair => KeyValuePair.Create(pair[0].ToString(), pair[1].Bytes));
        return new StreamEntry(entry.Items[0].ToString(), [.. fields]);
    }

    private static RedisReply Convert(Reply reply) =>
        reply switch
        {
            Reply.Error error => throw new RedisRefusedException(error.Text.Split(' ')[0], error.Text),
            Reply.Integer number => RedisReply.Of(Encoding.ASCII.GetBytes($"{number.Value}")),
            Reply.Status status => RedisReply.Of(Encoding.Latin1.GetBytes(status.Text)),
            Reply.Bulk { Text: { } text } => RedisReply.Of(Encoding.Latin1.GetBytes(text)),
            Reply.List list => RedisReply.Of([.. list.Items.Select(Convert)]),
            _ => RedisReply.Nothing,
        };

    private sealed record Waiting(Action Send, Action<string> Fail);

    private sealed class Subscription(FakeRedis connection, string[] channels, Action<string, string> received) : IAsyncDisposable
    {
        private bool _ended;

        public string[] Channels => channels;

        public void Hear(string channel, string text)
        {
            if (!_ended)
            {
                received(Text(channel), Text(text));
            }
        }

        public ValueTask DisposeAsync()
        {
            _ended = true;
            connection._subscriptions.Remove(this);
            return ValueTask.CompletedTask;
        }

        private static string Text(string bytes) => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(bytes));
    }
}
