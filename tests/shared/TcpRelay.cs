using System.Net;
using System.Net.Sockets;

namespace Darq.Tests.Shared;

/// <summary>
/// An address that passes connections on to a server. New ones can lead to another, as those of a service whose primary fails over, and the
/// one that has brought so many bytes of answers can be cut.
/// </summary>
internal sealed class TcpRelay : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Task _accepting;
    private int _server;
    private long _left = long.MaxValue;

    public TcpRelay(int server)
    {
        _server = server;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public string Host => $"127.0.0.1:{Port}";

    /// <summary>New connections lead to this server.</summary>
    public void SwitchTo(int server) => Volatile.Write(ref _server, server);

    /// <summary>Cuts once, after this many more bytes of answers.</summary>
    public void CutAfter(long bytes) => Volatile.Write(ref _left, bytes);

    /// <summary>Closes the connections of all clients.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> relayed = [];
        try
        {
            while (true)
            {
                relayed.Add(RelayAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        finally
        {
            await Task.WhenAll(relayed);
        }
    }

    private async Task RelayAsync(TcpClient client)
    {
        using (client)
        using (var server = new TcpClient())
        {
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, Volatile.Read(ref _server), _stop.Token);
                (client.NoDelay, server.NoDelay) = (true, true);
                await Task.WhenAny(
                    CopyAsync(client.GetStream(), server.GetStream(), isAnswer: false),
                    CopyAsync(server.GetStream(), client.GetStream(), isAnswer: true)
                );
            }
            catch (Exception fault) when (fault is SocketException or OperationCanceledException)
            {
                // The server or this relay is gone, so the client's connection ends, too.
            }
        }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, bool isAnswer)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await from.ReadAsync(buffer, _stop.Token) is > 0 and var length)
            {
                await to.WriteAsync(buffer.AsMemory(0, length), _stop.Token);
                if (isAnswer && Interlocked.Add(ref _left, -length) < 0)
                {
                    Volatile.Write(ref _left, long.MaxValue);
                    return;
                }
            }
        }
        catch (Exception fault) when (fault is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // One side is gone, so the other goes, too.
        }
    }
}
