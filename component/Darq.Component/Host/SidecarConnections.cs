using System.Net.Sockets;
using System.Runtime.InteropServices;
using Darq.Component.Instances;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Darq.Component.Host;

/// <summary>
/// Finds out, once for each connection to the socket, which process is at its other end: the system tells its id (SO_PEERCRED), or 0
/// where it is outside of our container. Calls find the result, a <see cref="Sidecar"/>, among the features of their connection.
/// </summary>
internal sealed class SidecarConnections(InstanceTable instances, ProcessFolder processes)
{
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;

    // Process, user and group id, four bytes each.
    private const int CredentialsBytes = 12;

    /// <summary>Serves one connection until it ends.</summary>
    public async Task ServeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var sidecar = instances.Connect(processes.Find(ProcessId(connection)));
        connection.Features.Set(sidecar);
        try
        {
            await next(connection);
        }
        finally
        {
            await instances.DisconnectAsync(sidecar);
        }
    }

    private static int ProcessId(ConnectionContext connection)
    {
        if (connection.Features.Get<IConnectionSocketFeature>()?.Socket is not { } socket)
        {
            return 0;
        }

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
