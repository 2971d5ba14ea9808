using System.Net;
using System.Net.Sockets;

namespace Darq.Tests.Integration.Redis;

/// <summary>Passes connections on to a server, and can cut the one that has brought so many bytes of answers.</summary>
internal sealed class CuttingRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _server;
    private readonly Task _accepting;
    private long _left = long.MaxValue;

    public CuttingRelay(int server)
    {
        _server = server;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Cuts once, after this many more bytes.</summary>
    public void CutAfter(long bytes) => Volatile.Write(ref _left, bytes);

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> relayed = [];
        try
        {
            while (true)
            {
                relayed.Add(RelayAsync(await _listener.AcceptTcpClientAsync()));
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
            await server.ConnectAsync(IPAddress.Loopback, _server);
            await Task.WhenAny(
                CopyAsync(client.GetStream(), server.GetStream(), isAnswer: false),
                CopyAsync(server.GetStream(), client.GetStream(), isAnswer: true)
            );
        }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, bool isAnswer)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await from.ReadAsync(buffer) is > 0 and var length)
            {
                await to.WriteAsync(buffer.AsMemory(0, length));
                if (isAnswer && Interlocked.Add(ref _left, -length) < 0)
                {
                    Volatile.Write(ref _left, long.MaxValue);
                    return;
                }
            }
        }
        catch (Exception fault) when (fault is IOException or ObjectDisposedException)
        {
            // One side is gone, so the other goes, too.
        }
    }
}
