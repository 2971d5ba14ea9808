namespace Darq.Component.Host;

/// <summary>
/// The user and group that the process runs as, and its socket belongs to, as numbers: the first thing to look at when a sidecar hangs.
/// </summary>
internal static class ProcessOwner
{
    private const string StatusFile = "/proc/self/status";

    /// <summary><c>uid:gid</c>, or the user's name where the system does not tell the numbers.</summary>
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
