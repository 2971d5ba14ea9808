using System.Net;
using System.Net.Sockets;

namespace Darq.Benchmarks.Papers;

/// <summary>An address at which one server after the other answers, as that of a service whose primary fails over.</summary>
internal sealed class SwitchedRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Task _accepting;
    private int _server;

    public SwitchedRelay(int server)
    {
        _server = server;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Host => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>New connections lead to this server.</summary>
    public void SwitchTo(int server) => Volatile.Write(ref _server, server);

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
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, Volatile.Read(ref _server));
                (client.NoDelay, server.NoDelay) = (true, true);
                await Task.WhenAny(CopyAsync(client.GetStream(), server.GetStream()), CopyAsync(server.GetStream(), client.GetStream()));
            }
            catch (SocketException)
            {
                // The server is gone, so the client's connection ends, too.
            }
        }
    }

    private static async Task CopyAsync(NetworkStream from, NetworkStream to)
    {
        try
        {
            await from.CopyToAsync(to);
        }
        catch (Exception fault) when (fault is IOException or ObjectDisposedException)
        {
            // One side is gone, so the other goes, too.
        }
    }
}
