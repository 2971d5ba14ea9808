using Darq.Engine.Core;

namespace Darq.Component.Configuration;

/// <summary>
/// The values of one metadata list, read against a table. Collects every fault with its key, the value seen and the form
/// accepted, so that a user corrects a file once and not once per fault.
/// </summary>
internal sealed class SettingValues
{
    private const int MaxShown = 60;

    private readonly Dictionary<Setting, object> _values = [];
    private readonly HashSet<Setting> _given = [];
    private readonly List<string> _errors = [];

    public IReadOnlyList<string> Errors => _errors;

    /// <summary>Keys that were given and have no effect.</summary>
    public List<string> WithoutEffect { get; } = [];

    /// <summary>Remarks on accepted values.</summary>
    public List<string> Warnings { get; } = [];

    /// <summary>Reads all properties. Keys that the table does not know are faults, or ignored where others read the same list.</summary>
    public static SettingValues Read(SettingTable table, IEnumerable<KeyValuePair<string, string>> properties, bool ignoreUnknown = false)
    {
        var values = new SettingValues();
        foreach (
            var spellings in properties
                .GroupBy(property => property.Key, StringComparer.OrdinalIgnoreCase)
                .OrderBy(group => group.Key, StringComparer.OrdinalIgnoreCase)
        )
        {
            var setting = table.Find(spellings.Key);
            if (setting is not null)
            {
                values.Take(setting, [.. spellings]);
            }
            else if (!ignoreUnknown)
            {
                values.Add(Unknown(table, spellings.First().Key));
            }
            else if (NearestName.Of(spellings.Key, table.Settings.Select(known => known.Name)) is { } nearest)
            {
                values.Warnings.Add($"{Show(spellings.Key)} is no setting of a subscription and left to others; did you mean {nearest}?");
            }
        }

        return values;
    }

    public T Get<T>(Setting<T> setting)
        where T : notnull => _values.TryGetValue(setting, out var value) ? (T)value : setting.Default;

    /// <summary>Whether the setting has a value of its own.</summary>
    public bool Has(Setting setting) => _values.ContainsKey(setting);

    /// <summary>Whether the setting was given, also with a faulty value: such a setting is not missing as well.</summary>
    public bool IsGiven(Setting setting) => _given.Contains(setting);

    /// <summary>Adds a fault that concerns several settings together.</summary>
    public void Add(string error) => _errors.Add(error);

    /// <summary>Text of others, safe to show in a message: short and without control characters.</summary>
    public static string Show(string text) => $"\"{SafeText.Of(text.Length > MaxShown ? text[..MaxShown] + "…" : text)}\"";

    private static string Unknown(SettingTable table, string key)
    {
        var nearest = NearestName.Of(key, table.Settings.Select(setting => setting.Name));
        return $"{Show(key)} is not a setting of {table.Component}" + (nearest is null ? "" : $"; did you mean {nearest}?");
    }

    private void Take(Setting setting, KeyValuePair<string, string>[] spellings)
    {
        // The sidecar adds its own consumerID beside a user's consumerId, and uses the exact spelling.
        var exact = Array.FindIndex(spellings, property => property.Key == setting.Name);
        var (key, text) = spellings[Math.Max(exact, 0)];
        var others = spellings.Where(property => property.Value != text).Select(property => property.Key).ToList();
        if (others.Count > 0 && exact < 0)
        {
            Add(
                $"{setting.Name} is given {spellings.Length} times with different values, as "
                    + $"{string.Join(" and ", spellings.Select(property => property.Key))}; give it once"
            );
        }
        else if (others.Count > 0)
        {
            Warnings.Add($"{string.Join(", ", others)} is not used: the spelling {setting.Name} is also there and wins");
        }

        // An empty value is how a file with optional secrets says "not given".
        if (text.Length > 0)
        {
            Read(setting, key, text);
        }
    }

    private void Read(Setting setting, string key, string text)
    {
        _given.Add(setting);
        var seen = setting.Secret ? "a value that is not shown" : Show(text);
        if (!(setting.MultiLine ? Limits.IsUnicode(text) && !text.Contains('\0', StringComparison.Ordinal) : Limits.IsText(text)))
        {
            Add($"{key}: {seen} has control characters or is not valid Unicode; give {setting.Form}");
            return;
        }

        var error = setting.Read(setting.Secret ? text : text.Trim(), out var value);
        if (error is null)
        {
            Keep(setting, key, value);
        }
        else
        {
            Add(error.Length > 0 ? $"{key}: {error}; give {setting.Form}" : $"{key}: {seen} is not accepted; give {setting.Form}");
        }
    }

    private void Keep(Setting setting, string key, object value)
    {
        _values[setting] = value;
        if (setting.Role == SettingRole.WithoutEffect)
        {
            WithoutEffect.Add(key);
        }
        else if (setting.Role == SettingRole.Missed)
        {
            Warnings.Add($"{key} has no effect: {setting.Description}");
        }
    }
}
