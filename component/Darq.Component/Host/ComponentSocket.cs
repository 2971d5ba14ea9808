using System.Net.Sockets;

namespace Darq.Component.Host;

/// <summary>
/// The Unix socket file. A sidecar that meets a file on which nobody answers waits for ever without a word, therefore a stale
/// one is removed, the mode is set before anybody can connect, and a clean exit leaves no file behind: the runtime removes the
/// file when the bound socket is closed, and nobody else does, or the file of a successor could be hit.
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

    /// <summary>Creates the folder and clears the way; throws if something else is there that must not be removed.</summary>
    public void Prepare()
    {
        if (!Directory.Exists(options.Folder))
        {
            Directory.CreateDirectory(options.Folder, FolderMode);
        }

        var file = new FileInfo(options.FullPath);
        if (file.LinkTarget is not null)
        {
            throw new SocketRefusedException(
                $"{options.FullPath} is a symbolic link. Somebody else could point it anywhere, so it is not used: remove it."
            );
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
                $"Somebody answers on {options.FullPath}: another component runs there. Stop it, or choose another name with "
                    + "DARQ_SOCKET_NAME."
            );
        }

        file.Delete();
    }

    /// <summary>
    /// Binds, and sets the mode while nobody can connect yet: the caller listens afterwards. The folder is the caller's to protect;
    /// between a bind and a chmod a socket that does not listen refuses everybody.
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

    private static bool IsSocket(FileInfo file)
    {
        // .NET has no name for the type of a Unix file, but a socket is the one thing of no length that cannot be opened. Asking for
        // both directions keeps a named pipe from blocking here.
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
            // Refused: the file is a socket and nobody listens. Anything else (no right to connect, a full queue) means that somebody may.
            return fault.SocketErrorCode != SocketError.ConnectionRefused;
        }
    }
}
