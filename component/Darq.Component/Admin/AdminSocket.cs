using System.Net;
using System.Net.Sockets;
using Darq.Component.Host;
using Darq.Component.Telemetry;

namespace Darq.Component.Admin;

/// <summary>
/// The TCP socket of the admin endpoint, bound before the server starts: an address that is taken, as with a second component on one
/// machine, costs that component its endpoint and nothing else.
/// </summary>
internal sealed class AdminSocket : IDisposable
{
    private readonly Socket? _socket;
    private readonly AdminOptions _options;
    private readonly string? _whyOff;

    private AdminSocket(AdminOptions options, Socket? socket, string? whyOff) => (_options, _socket, _whyOff) = (options, socket, whyOff);

    /// <summary>Where it listens; null where the endpoint is off.</summary>
    public IPEndPoint? Address => _socket?.LocalEndPoint as IPEndPoint;

    /// <summary>
    /// Binds it. Throws <see cref="SocketRefusedException"/> for a chosen address that this machine does not have or may not use.
    /// </summary>
    public static AdminSocket Open(AdminOptions options)
    {
        if (options.Address is not { } address)
        {
            return new(options, null, null);
        }

        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(address);
            // Another process can still bind an address on which nobody listens.
            socket.Listen();
            return new(options, socket, null);
        }
        catch (SocketException fault) when (fault.SocketErrorCode == SocketError.AddressAlreadyInUse || !options.IsChosen)
        {
            socket.Dispose();
            return new(options, null, fault.Message);
        }
        catch (SocketException fault)
        {
            socket.Dispose();
            throw new SocketRefusedException(
                $"{AdminOptions.Variable}: cannot listen on {address}: {fault.Message}; give another address, or off",
                fault
            );
        }
    }

    /// <summary>For the server, which closes it.</summary>
    public Socket Take() => _socket ?? throw new InvalidOperationException("The admin endpoint is off.");

    /// <summary>Says where it listens, or why it does not.</summary>
    public void Announce(ILogger log)
    {
        if (Address is { } address)
        {
            log.AdminEndpointStarted(address.ToString());
        }
        else if (_whyOff is not null)
        {
            log.AdminEndpointIsOff(_options.Address!.ToString(), _whyOff);
        }
    }

    public void Dispose() => _socket?.Dispose();
}
