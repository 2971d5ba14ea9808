using Darq.Engine.Core;

namespace Darq.Component.Host;

/// <summary>The socket's path and mode, from the process environment. The sidecar finds the socket by its folder.</summary>
internal sealed record SocketOptions(string Folder, string Name, UnixFileMode Mode)
{
    private const string StandardFolder = "/tmp/dapr-components-sockets";
    private const string StandardName = "darq.sock";
    private const UnixFileMode StandardMode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;
    private const int MaxPathBytes = 107;

    public string FullPath => Path.Combine(Folder, Name);

    /// <summary>Reads the variables; throws with every fault at once.</summary>
    public static SocketOptions Read(Func<string, string?> variable)
    {
        // The injector of Dapr sets the second spelling, the sidecar reads the first.
        var folder = First(variable("DAPR_COMPONENTS_SOCKETS_FOLDER"), variable("DAPR_COMPONENT_SOCKETS_FOLDER"), StandardFolder);
        var name = First(variable("DARQ_SOCKET_NAME"), StandardName);
        List<string> faults = [];
        if (name is "." or ".." || name.Contains('/', StringComparison.Ordinal) || !Limits.IsText(name))
        {
            faults.Add($"DARQ_SOCKET_NAME: \"{name}\" is not a file name; give one such as {StandardName}");
        }

        if (!TryReadMode(variable("DARQ_SOCKET_MODE"), out var mode))
        {
            faults.Add(
                $"DARQ_SOCKET_MODE: \"{variable("DARQ_SOCKET_MODE")}\" is not accepted; give three or four octal digits such as "
                    + "0660, with read and write for the owner"
            );
        }

        var options = new SocketOptions(Path.GetFullPath(folder), name, mode);
        if (System.Text.Encoding.UTF8.GetByteCount(options.FullPath) > MaxPathBytes)
        {
            faults.Add(
                $"DAPR_COMPONENTS_SOCKETS_FOLDER: the path {options.FullPath} is longer than the {MaxPathBytes} bytes that a Unix "
                    + "socket allows; give a shorter folder"
            );
        }

        return faults.Count == 0 ? options : throw new SocketRefusedException(string.Join("; ", faults));
    }

    /// <summary>The mode as chmod takes it.</summary>
    public string ModeText => "0" + Convert.ToString((int)Mode, 8);

    private static string First(params string?[] candidates) => candidates.First(candidate => !string.IsNullOrEmpty(candidate))!;

    private static bool TryReadMode(string? text, out UnixFileMode mode)
    {
        mode = StandardMode;
        if (string.IsNullOrEmpty(text))
        {
            return true;
        }

        var digits = text.Length == 4 && text[0] == '0' ? text[1..] : text;
        if (digits.Length != 3 || digits.Any(digit => digit is < '0' or > '7'))
        {
            return false;
        }

        mode = (UnixFileMode)digits.Aggregate(0, (value, digit) => (value * 8) + (digit - '0'));
        // Without these two even a sidecar of the same user would hang silently on the socket.
        return mode.HasFlag(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}

/// <summary>The component cannot listen on its socket. The text names the variable or the path, and what to do.</summary>
internal sealed class SocketRefusedException(string message, Exception? inner = null) : Exception(message, inner);
