using System.Text.Json;
using Darq.Component.Configuration;

namespace Darq.Component.Cli.Options;

/// <summary>
/// The options that stand for settings of a component's metadata, so that an error of the settings' readers names what was typed.
/// </summary>
internal static class OptionNames
{
    private static readonly Dictionary<string, string> ByName = SettingTable
        .CommandLine.Settings.Where(setting => setting.Role == SettingRole.Effective)
        .ToDictionary(setting => setting.Name, Of, StringComparer.Ordinal);

    /// <summary>The option of a setting: its words in small letters. Secrets come from files.</summary>
    public static string Of(Setting setting) =>
        setting switch
        {
            _ when setting == ConnectionSettings.RedisPassword => "--password-file",
            _ when setting == ConnectionSettings.SentinelPassword => "--sentinel-password-file",
            _ => "--" + JsonNamingPolicy.KebabCaseLower.ConvertName(setting.Name),
        };

    /// <summary>An error of a reader with the options in place of the settings; a flag has no value here.</summary>
    public static string Translate(string error)
    {
        foreach (var (name, option) in ByName)
        {
            error = Replace(error, name, option).Replace($"{option}: \"true\"", option, StringComparison.Ordinal);
        }

        return error;
    }

    private static string Replace(string error, string name, string option)
    {
        // Some names are also plain words; as names they begin an error.
        if (error.StartsWith(name + ":", StringComparison.Ordinal) || error.StartsWith(name + " ", StringComparison.Ordinal))
        {
            return option + error[name.Length..].Replace(name, option, StringComparison.Ordinal);
        }

        return name is "namespace" or "partitions" ? error : error.Replace(name, option, StringComparison.Ordinal);
    }
}
