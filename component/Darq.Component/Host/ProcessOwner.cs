namespace Darq.Component.Host;

/// <summary>
/// User and group of the process and of its socket, as numbers: a sidecar of another user hangs on the socket.
/// </summary>
internal static class ProcessOwner
{
    private const string StatusFile = "/proc/self/status";

    /// <summary><c>uid:gid</c>, or the user's name where the system does not show the numbers.</summary>
    public static string Read()
    {
        if (!File.Exists(StatusFile))
        {
            return Environment.UserName;
        }

        var lines = File.ReadAllLines(StatusFile);
        return $"{Effective(lines, "Uid:")}:{Effective(lines, "Gid:")}";
    }

    // Real, effective, saved, file system: the second decides who may do what.
    private static string Effective(string[] lines, string name) =>
        lines.First(line => line.StartsWith(name, StringComparison.Ordinal)).Split('\t', StringSplitOptions.RemoveEmptyEntries)[2];
}
