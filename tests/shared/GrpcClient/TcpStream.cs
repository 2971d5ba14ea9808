using System.Net;
using System.Net.Sockets;

namespace Darq.Tests.Shared.GrpcClient;

/// <summary>The connection that an HTTP handler asks for: to a TCP port, without waiting for more to send.</summary>
internal static class TcpStream
{
    public static async ValueTask<Stream> ConnectAsync(DnsEndPoint address, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
