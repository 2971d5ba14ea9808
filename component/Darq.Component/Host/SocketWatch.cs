using System.Net.Sockets;
using Darq.Component.Telemetry;

namespace Darq.Component.Host;

/// <summary>
/// Whether sidecars still find this process by the path of its socket. Somebody may remove or replace the file while it runs: the sidecars
/// that are connected go on, and every one that starts later waits for ever. <see cref="Look"/> has one caller; all else may be called from
/// anywhere.
/// </summary>
internal sealed class SocketWatch(SocketOptions options, ILogger<SocketWatch> log)
{
    private DateTime? _written;
    private volatile string? _why;

    /// <summary>What became of the socket's file, with what to do; null where it is as it was made.</summary>
    public string? Why => _why;

    /// <summary>The process listens: the file that is there now is its own.</summary>
    public void Begin() => _written = WrittenAt();

    /// <summary>To be called now and then while the process serves; logs a change.</summary>
    public void Look()
    {
        if (_written is null)
        {
            return;
        }

        var fate = Fate();
        var why = fate is null
            ? null
            : $"the socket {options.FullPath} {fate}, so that no sidecar that starts from now on finds this component; "
                + "restart the component";
        if (why is not null && _why is null)
        {
            log.SocketWasLost(options.FullPath, fate!);
        }

        _why = why;
    }

    private string? Fate()
    {
        if (WrittenAt() is not { } written)
        {
            return "was removed";
        }

        // Connecting changes nothing in the file, but anybody may touch it.
        if (written == _written)
        {
            return null;
        }

        if (!LeadsHere())
        {
            return "was replaced by another file";
        }

        _written = written;
        return null;
    }

    private DateTime? WrittenAt()
    {
        var file = new FileInfo(options.FullPath);
        return file.Exists ? file.LastWriteTimeUtc : null;
    }

    private bool LeadsHere()
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(options.FullPath));
            var peer = PeerProcess.IdOf(socket);
            return peer == 0 || peer == Environment.ProcessId;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
