using System.Globalization;
using Darq.Engine.Core;

namespace Darq.Component.Configuration;

/// <summary>The forms of values. Each builds a setting of one kind, with its range and description.</summary>
internal static class SettingForms
{
    /// <summary>The error of a reader that has nothing to add to the accepted form.</summary>
    public const string Wrong = "";

    public static Setting<string> Text(
        string name,
        string form,
        string description,
        Func<string, bool>? accepts = null,
        string standard = ""
    ) =>
        new(
            name,
            form,
            standard,
            description,
            (string text, out string value) => accepts is null || accepts(value = text) ? Take(text, out value) : Wrong
        )
        {
            Default = standard,
        };

    public static Setting<string> Secret(string name, string description) =>
        new(name, "any text", "", description, Take) { Default = "", Secret = true };

    public static Setting<long> Number(string name, long min, long max, long standard, string description) =>
        new(
            name,
            $"a whole number from {min} to {max}",
            standard.ToString(CultureInfo.InvariantCulture),
            description,
            (string text, out long value) =>
                long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value) && value >= min && value <= max
                    ? null
                    : Wrong
        )
        {
            Default = standard,
        };

    public static Setting<bool> Flag(string name, string description) =>
        new(name, "true or false", "false", description, ReadFlag) { Default = false };

    public static Setting<TimeSpan> Duration(string name, TimeSpan min, TimeSpan max, TimeSpan standard, string description) =>
        new(
            name,
            $"a duration from {DurationText.Write(min)} to {DurationText.Write(max)}, such as 30s, 500ms, 5m or bare milliseconds",
            DurationText.Write(standard),
            description,
            (string text, out TimeSpan value) => DurationText.TryRead(text, out value) && value >= min && value <= max ? null : Wrong
        )
        {
            Default = standard,
        };

    /// <summary>One of some words. A later version's word is refused as such, so that it does not look like a typing error.</summary>
    public static Setting<T> Choice<T>(string name, string description, (string Word, T Value)[] words, Func<string, bool>? later = null)
        where T : notnull =>
        new(
            name,
            "one of " + string.Join(", ", words.Select(word => word.Word)),
            words[0].Word,
            description,
            (string text, out T value) =>
            {
                foreach (var (word, choice) in words)
                {
                    value = choice;
                    if (string.Equals(word, text, StringComparison.OrdinalIgnoreCase))
                    {
                        return null;
                    }
                }

                value = words[0].Value;
                return later is not null && later(text) ? NotYet(text) : Wrong;
            }
        )
        {
            Default = words[0].Value,
        };

    /// <summary>
    /// A setting of a later version: the values that change nothing are accepted, every other one is refused as not yet available.
    /// </summary>
    public static Setting<string> Later(string name, string description, params string[] accepted) =>
        new(
            name,
            accepted.Length == 0 ? "nothing: leave it out" : "only " + string.Join(" or ", accepted),
            accepted.FirstOrDefault(""),
            description,
            (string text, out string value) =>
            {
                value = text;
                return accepted.Contains(text, StringComparer.OrdinalIgnoreCase) ? null : NotYet(text);
            }
        )
        {
            Default = "",
            Role = SettingRole.Later,
        };

    /// <summary>A key that is accepted with any value, because the sidecar reads it or nothing here depends on it.</summary>
    public static Setting<string> Accepted(string name, SettingRole role, string description, bool secret = false) =>
        new(name, "any text", "", description, Take)
        {
            Default = "",
            Role = role,
            Secret = secret,
            MultiLine = true,
        };

    private static string NotYet(string text) => $"\"{text}\" is not yet available in this version";

    private static string? Take(string text, out string value)
    {
        value = text;
        return null;
    }

    private static string? ReadFlag(string text, out bool value)
    {
        // The same words that the sidecar takes for true, so that one file means one thing to both.
        value = text.ToUpperInvariant() is "Y" or "YES" or "TRUE" or "T" or "ON" or "1";
        return value || text.ToUpperInvariant() is "N" or "NO" or "FALSE" or "F" or "OFF" or "0" ? null : Wrong;
    }
}
