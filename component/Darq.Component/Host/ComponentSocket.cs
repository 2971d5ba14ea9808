using System.Net.Sockets;

namespace Darq.Component.Host;

/// <summary>
/// The Unix socket file. A sidecar waits silently for ever on a file without a listener, therefore a stale one is removed, the mode is
/// set before any client can connect, and a clean exit leaves no file behind. Only the runtime removes the file, when it closes the
/// bound socket: a later removal could hit the file of a successor.
/// </summary>
internal sealed class ComponentSocket(SocketOptions options)
{
    private const UnixFileMode FolderMode =
        UnixFileMode.UserRead
        | UnixFileMode.UserWrite
        | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead
        | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead
        | UnixFileMode.OtherExecute;

    /// <summary>
    /// Creates the folder and removes a stale socket; throws <see cref="SocketRefusedException"/> if the path has anything else, or this
    /// process may not do it.
    /// </summary>
    public void Prepare()
    {
        try
        {
            Clear();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new SocketRefusedException(
                $"Cannot make {options.FullPath}: {fault.Message} Let this user write there, or choose another folder with "
                    + "DAPR_COMPONENTS_SOCKETS_FOLDER.",
                fault
            );
        }
    }

    /// <summary>
    /// Binds and sets the mode before any client can connect: the caller listens afterwards, and a socket that does not listen refuses
    /// connections. The caller protects the folder.
    /// </summary>
    public Socket Bind()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint(options.FullPath));
            File.SetUnixFileMode(options.FullPath, options.Mode);
            return socket;
        }
        catch (Exception fault) when (fault is SocketException or IOException or UnauthorizedAccessException)
        {
            socket.Dispose();
            throw new SocketRefusedException($"Cannot bind {options.FullPath}: {fault.Message}", fault);
        }
    }

    private void Clear()
    {
        if (!Directory.Exists(options.Folder))
        {
            Directory.CreateDirectory(options.Folder, FolderMode);
        }

        var file = new FileInfo(options.FullPath);
        if (file.LinkTarget is not null)
        {
            throw new SocketRefusedException($"{options.FullPath} is a symbolic link, which another user could point anywhere. Remove it.");
        }

        if (!file.Exists)
        {
            return;
        }

        if (!IsSocket(file))
        {
            throw new SocketRefusedException(
                $"{options.FullPath} exists and is not a socket. Remove it, or choose another name with DARQ_SOCKET_NAME."
            );
        }

        if (Answers())
        {
            throw new SocketRefusedException(
                $"Another component is listening on {options.FullPath}. Stop it, or choose another name with DARQ_SOCKET_NAME."
            );
        }

        file.Delete();
    }

    private static bool IsSocket(FileInfo file)
    {
        // .NET does not expose the type of a Unix file, but only a socket has no length and cannot be opened. Opening for both
        // directions keeps a named pipe from blocking here.
        if (file.Length > 0)
        {
            return false;
        }

        try
        {
            using var opened = File.OpenHandle(file.FullName, FileMode.Open, FileAccess.ReadWrite);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    private bool Answers()
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(options.FullPath));
            return true;
        }
        catch (SocketException fault)
        {
            // Refused: no process listens. With any other error (no right to connect, a full queue) one may.
            return fault.SocketErrorCode != SocketError.ConnectionRefused;
        }
    }
}
