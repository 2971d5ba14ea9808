using System.Text;

namespace Darq.Component.Configuration;

/// <summary>
/// The source of secret values after a restart, when the sidecar does not send them again: <c>DARQ_REDIS_PASSWORD</c> for
/// redisPassword, or a file named by <c>DARQ_REDIS_PASSWORD_FILE</c>.
/// </summary>
internal sealed class Secrets(Func<string, string?> variable)
{
    /// <summary>The environment variable of a setting: <c>DARQ_</c> and its words in capitals.</summary>
    public static string VariableOf(string setting)
    {
        var name = new StringBuilder("DARQ_");
        foreach (var letter in setting)
        {
            if (char.IsAsciiLetterUpper(letter))
            {
                name.Append('_');
            }

            name.Append(char.ToUpperInvariant(letter));
        }

        return name.ToString();
    }

    /// <summary>The value, or null where neither variable gives one. An unreadable file throws <see cref="IOException"/>.</summary>
    public string? Find(string setting)
    {
        var name = VariableOf(setting);
        if (variable(name) is { Length: > 0 } value)
        {
            return value;
        }
        // A mounted secret usually ends in a line break that is not part of it.
        return variable(name + "_FILE") is { Length: > 0 } path ? File.ReadAllText(path).TrimEnd('\r', '\n') : null;
    }
}
