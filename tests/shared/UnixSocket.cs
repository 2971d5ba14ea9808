using System.Net.Sockets;

namespace Darq.Tests.Shared;

/// <summary>Whether somebody listens on a socket.</summary>
internal static class UnixSocket
{
    public static async Task<bool> AcceptsAsync(string path)
    {
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
