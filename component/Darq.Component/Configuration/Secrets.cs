using System.Text;
using System.Text.Json;

namespace Darq.Component.Configuration;

/// <summary>
/// The source of secret values after a restart, when the sidecar does not send them again: <c>DARQ_BANK_REDIS_PASSWORD</c> for
/// redisPassword of the instance "bank", <c>DARQ_REDIS_PASSWORD</c> for that of all instances, or a file named by either with
/// <c>_FILE</c> behind it.
/// </summary>
internal sealed class Secrets(Func<string, string?> variable)
{
    private const string Prefix = "DARQ_";
    private const string FileSuffix = "_FILE";

    /// <summary>The environment variable of a setting: <c>DARQ_</c> and its words in capitals.</summary>
    public static string VariableOf(string setting) => Prefix + JsonNamingPolicy.SnakeCaseUpper.ConvertName(setting);

    /// <summary>
    /// The variable of a setting of one instance: the name of the instance comes before, in capitals, with <c>_</c> for what is neither
    /// a letter nor a digit. An instance without a name has only the one for all.
    /// </summary>
    public static string VariableOf(string instance, string setting)
    {
        var name = new StringBuilder(Prefix);
        foreach (var letter in instance)
        {
            name.Append(char.IsAsciiLetterOrDigit(letter) ? char.ToUpperInvariant(letter) : '_');
        }

        var all = VariableOf(setting);
        return instance.Length == 0 ? all : name.Append('_').Append(all.AsSpan(Prefix.Length)).ToString();
    }

    /// <summary>Whether the variable, or the one with its file, is set.</summary>
    public bool IsSet(string name) => variable(name) is { Length: > 0 } || variable(name + FileSuffix) is { Length: > 0 };

    /// <summary>The value, or null where neither variable gives one. An unreadable file throws <see cref="IOException"/>.</summary>
    public string? Find(string name)
    {
        if (variable(name) is { Length: > 0 } value)
        {
            return value;
        }
        // A mounted secret usually ends in a line break that is not part of it.
        return variable(name + FileSuffix) is { Length: > 0 } path ? File.ReadAllText(path).TrimEnd('\r', '\n') : null;
    }
}
