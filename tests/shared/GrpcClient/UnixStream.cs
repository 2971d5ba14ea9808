using System.Net.Sockets;

namespace Darq.Tests.Shared.GrpcClient;

/// <summary>The connection that an HTTP handler asks for: to a Unix socket instead of the address it knows.</summary>
internal static class UnixStream
{
    public static async ValueTask<Stream> ConnectAsync(string path, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
