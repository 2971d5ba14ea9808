using Darq.Component.Configuration;

namespace Darq.Component.Host;

/// <summary>From which level on the component logs, from the process environment.</summary>
internal static class LogOptions
{
    private const string Variable = "DARQ_LOG_LEVEL";

    public const LogLevel Standard = LogLevel.Information;

    /// <summary>Reads the variable; throws <see cref="SocketRefusedException"/> where it is none of the levels.</summary>
    public static LogLevel Read(Func<string, string?> variable)
    {
        var text = variable(Variable);
        if (string.IsNullOrEmpty(text))
        {
            return Standard;
        }

        // By name alone: the platform's parser takes numbers and lists of names as well.
        var level = Enum.GetValues<LogLevel>().Where(level => $"{level}".Equals(text, StringComparison.OrdinalIgnoreCase)).ToArray();
        return level is [var chosen]
            ? chosen
            : throw new SocketRefusedException(
                $"{Variable}: {SettingValues.Show(text)} is not accepted; give one of {string.Join(", ", Enum.GetNames<LogLevel>())}"
            );
    }
}
