using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Darq.Component.Host;

/// <summary>The process at the other end of a Unix socket, as the system tells it (SO_PEERCRED).</summary>
internal static class PeerProcess
{
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;

    // Process, user and group id, four bytes each.
    private const int CredentialsBytes = 12;

    /// <summary>Its id; 0 where it is outside of our container, or the system does not tell.</summary>
    public static int IdOf(Socket socket)
    {
        try
        {
            Span<byte> credentials = stackalloc byte[CredentialsBytes];
            return socket.GetRawSocketOption(SolSocket, SoPeerCred, credentials) == CredentialsBytes
                ? MemoryMarshal.Read<int>(credentials)
                : 0;
        }
        catch (SocketException)
        {
            // Not every system has this option.
            return 0;
        }
    }
}
