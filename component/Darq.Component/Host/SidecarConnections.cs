using Darq.Component.Instances;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Darq.Component.Host;

/// <summary>
/// Finds out, once for each connection to the socket, which process is at its other end: the system tells its id, or 0
/// where it is outside of our container. Calls find the result, a <see cref="Sidecar"/>, among the features of their connection.
/// </summary>
internal sealed class SidecarConnections(InstanceTable instances, ProcessFolder processes)
{
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

    private static int ProcessId(ConnectionContext connection) =>
        connection.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket ? PeerProcess.IdOf(socket) : 0;
}
