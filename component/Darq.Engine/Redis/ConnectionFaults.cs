using System.Net.Sockets;
using System.Security.Authentication;

namespace Darq.Engine.Redis;

/// <summary>
/// Says in a few words why a connection failed. The client's own texts are long and hide the cause among their details; where the server
/// closes the connection, or does not speak TLS, there is no cause at all or a misleading one.
/// </summary>
internal static class ConnectionFaults
{
    public static string Describe(Exception? fault, bool usesTls)
    {
        for (var cause = fault; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case SocketException socket when Describe(socket.SocketErrorCode) is { } why:
                    return why;
                case AuthenticationException tls:
                    return $"TLS handshake failed: {tls.Message}";
            }
        }

        return usesTls ? "TLS handshake failed" : "connection closed before Redis answered";
    }

    private static string? Describe(SocketError error) =>
        error switch
        {
            SocketError.ConnectionRefused => "connection refused",
            SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => "host name unknown",
            SocketError.TimedOut => "no answer in time",
            SocketError.HostUnreachable or SocketError.NetworkUnreachable => "host unreachable",
            _ => null,
        };
}
