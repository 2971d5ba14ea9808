using System.Net;
using System.Net.Sockets;

namespace Darq.Tests.Shared;

/// <summary>
/// Hands out loopback ports that nothing listens on. They lie below the kernel's ephemeral range, so that no outgoing
/// connection can take one while its server is down between a kill and a restart; every test process starts elsewhere.
/// </summary>
internal static class FreePort
{
    private const int First = 12_000;
    private const int Count = 20_000;
    private static int _cursor = Environment.ProcessId * 97 % Count;

    public static int Next()
    {
        for (var attempt = 0; attempt < Count; attempt++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref _cursor) % Count);
            if (IsFree(port))
            {
                return port;
            }
        }

        throw new InvalidOperationException($"No free port between {First} and {First + Count}.");
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
