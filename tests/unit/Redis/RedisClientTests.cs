using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Darq.Engine.Redis;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Unit.Redis;

/// <summary>What becomes of the connection of a client that is disposed.</summary>
public sealed class RedisClientTests
{
    // A client that still lives tries again every second, with two connections.
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(6);
    private const int Leaked = 3;

    [Fact]
    public async Task Client_that_is_disposed_while_it_connects_does_not_connect_again()
    {
        await using var server = new DeafServer();
        // Long enough for the end to come before it, however busy the machine is.
        var dialTimeout = TimeSpan.FromSeconds(3);
        var options = new Darq.Engine.Redis.RedisOptions
        {
            Host = "127.0.0.1",
            Port = server.Port,
            DialTimeout = dialTimeout,
        };
        var client = new RedisClient(options, TimeProvider.System);
        var call = client.DescribeAsync(default);
        await Eventually.TrueAsync(() => server.Connections > 0, TimeSpan.FromSeconds(10), "the client begins to connect");

        var disposing = client.DisposeAsync();
        server.LetGo();
        await disposing;
        await Record.ExceptionAsync(() => call);
        var begun = server.Connections;
        var watching = Eventually.TrueAsync(() => server.Connections >= begun + Leaked, Watched, "it connects again");
        var isQuiet = await Record.ExceptionAsync(() => watching) is TimeoutException;

        Assert.True(isQuiet, $"{server.Connections - begun} connections were made after their client was disposed.");
    }

    /// <summary>Takes connections and says nothing: keeps them at first, as a Redis that hangs, and then ends them at once.</summary>
    private sealed class DeafServer : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly ConcurrentQueue<TcpClient> _kept = new();
        private readonly Task _accepting;
        private volatile bool _hangs = true;
        private int _connections;

        public DeafServer()
        {
            _listener.Start();
            _accepting = AcceptAsync();
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public int Connections => Volatile.Read(ref _connections);

        public void LetGo()
        {
            _hangs = false;
            EndKept();
        }

        public async ValueTask DisposeAsync()
        {
            _listener.Stop();
            await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _listener.Dispose();
            EndKept();
        }

        private async Task AcceptAsync()
        {
            while (true)
            {
                _kept.Enqueue(await _listener.AcceptTcpClientAsync());
                Interlocked.Increment(ref _connections);
                if (!_hangs)
                {
                    EndKept();
                }
            }
        }

        private void EndKept()
        {
            while (_kept.TryDequeue(out var connection))
            {
                connection.Dispose();
            }
        }
    }
}
