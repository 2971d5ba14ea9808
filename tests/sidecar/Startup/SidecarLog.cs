using System.Globalization;

namespace Darq.Sidecar.Startup;

/// <summary>
/// The process log on standard output, one line an event in daprd's form, so that scripts that look into its log keep working.
/// </summary>
internal static class SidecarLog
{
    private static readonly string[] Levels = ["debug", "info", "warning", "error"];
    private static readonly Lock Gate = new();
    private static int _least = 1;

    public static void SetLevel(string name) =>
        _least =
            Array.IndexOf(Levels, name == "warn" ? "warning" : name) is var at and >= 0 ? at
            : name == "fatal" ? 3
            : 1;

    public static void Debug(string message) => Write(0, message);

    public static void Info(string message) => Write(1, message);

    public static void Warn(string message) => Write(2, message);

    public static void Error(string message) => Write(3, message);

    private static void Write(int level, string message)
    {
        if (level < _least)
        {
            return;
        }

        var time = DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        lock (Gate)
        {
            Console.WriteLine($"time=\"{time}\" level={Levels[level]} msg=\"{message.Replace("\"", "\\\"", StringComparison.Ordinal)}\"");
        }
    }
}
