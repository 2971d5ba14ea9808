using Darq.Component.Configuration;
using Darq.Engine.Core;

namespace Darq.Component.Instances;

/// <summary>Removes the secret values from a kept Init, and adds them again after a restart.</summary>
internal static class InitRecords
{
    /// <summary>The settings that say where an instance logs in and as whom.</summary>
    private static readonly string[] Login =
    [
        .. ConnectionSettings
            .All.Where(setting => setting is { Role: SettingRole.Effective, Secret: false } && setting != ConnectionSettings.DialTimeout)
            .Select(setting => setting.Name),
    ];

    public static InitRecord Of(SidecarProcess process, InstanceKey key, IReadOnlyDictionary<string, string> properties, long at)
    {
        var table = SettingTable.Of(key.Service);
        Dictionary<string, string> kept = [];
        List<string> withheld = [];
        foreach (var (name, value) in properties)
        {
            var setting = table.Find(name);
            if (setting is not { Secret: true })
            {
                kept[name] = value;
            }
            else if (setting.Role == SettingRole.Effective && value.Length > 0)
            {
                withheld.Add(setting.Name);
            }
        }

        return new InitRecord(process, key.Service, key.Name, kept, withheld) { At = at };
    }

    /// <summary>
    /// The record that a hidden process means after a restart; null where there is none. Those that are left were live before it, so
    /// that different ones are of different sidecars. Throws <see cref="DarqException"/> (Misconfigured) then.
    /// </summary>
    public static InitRecord? Choose(IReadOnlyList<InitRecord> hidden)
    {
        var newest = hidden.MaxBy(record => record.At);
        return hidden.FirstOrDefault(record => !record.IsMadeLike(newest!)) is { } other
            ? throw InitDifferences.ToException(other, newest!)
            : newest;
    }

    /// <summary>
    /// The properties with their secrets. A variable serves several instances only if they log in alike: the password of one server
    /// must not be sent to another. Throws <see cref="DarqException"/> (Misconfigured) that names the variables to set.
    /// </summary>
    /// <param name="record">What is kept of the instance's Init.</param>
    /// <param name="secrets">Where secrets come from.</param>
    /// <param name="all">All that is kept: the other instances that a variable may serve.</param>
    public static IReadOnlyDictionary<string, string> Complete(InitRecord record, Secrets secrets, IReadOnlyList<InitRecord> all)
    {
        var properties = new Dictionary<string, string>(record.Properties);
        List<string> missing = [];
        foreach (var name in record.Withheld)
        {
            var (variable, served) = VariableFor(record, name, secrets, all);
            if (secrets.Find(variable) is not { } value)
            {
                missing.Add(name);
            }
            else if (served.Any(other => !LogsInLike(record, other)))
            {
                throw Ambiguous(record, name, variable);
            }
            else
            {
                properties[name] = value;
            }
        }

        return missing.Count == 0 ? properties : throw Without(record, missing);
    }

    /// <summary>The instance's own variable where it is set, else the one for all, and the instances that it has to serve.</summary>
    private static (string Variable, IEnumerable<InitRecord> Served) VariableFor(
        InitRecord record,
        string name,
        Secrets secrets,
        IReadOnlyList<InitRecord> all
    )
    {
        var needing = all.Where(other => other.Withheld.Contains(name));
        var own = Secrets.VariableOf(record.Instance, name);
        return secrets.IsSet(own)
            ? (own, needing.Where(other => Secrets.VariableOf(other.Instance, name) == own))
            : (Secrets.VariableOf(name), needing.Where(other => !secrets.IsSet(Secrets.VariableOf(other.Instance, name))));
    }

    private static bool LogsInLike(InitRecord one, InitRecord other) =>
        Login.All(name => ValueOf(one, name) is var value && ValueOf(other, name) == value);

    private static string? ValueOf(InitRecord record, string name) =>
        record.Properties.FirstOrDefault(property => property.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    private static DarqException Ambiguous(InitRecord record, string name, string variable) =>
        new(
            ErrorCode.Misconfigured,
            $"MISCONFIGURED: the component was restarted, and {variable} is not used for {Text(record)}, because other instances that "
                + $"would get the same {name} do not log in as it does. "
                + (variable == Secrets.VariableOf(record.Instance, name) ? "Restart" : $"Set {VariablesOf(record, name)}, or restart")
                + " the sidecar: it sends Init."
        );

    private static DarqException Without(InitRecord record, List<string> missing) =>
        new(
            ErrorCode.Misconfigured,
            $"MISCONFIGURED: the component was restarted and has no {string.Join(", ", missing)} for {Text(record)}, because secrets "
                + $"are not kept on disk. Set {string.Join(" and ", missing.Select(name => VariablesOf(record, name)))} in the "
                + "component's environment, or restart the sidecar: it sends Init."
        );

    private static string VariablesOf(InitRecord record, string name) =>
        Secrets.VariableOf(record.Instance, name) is var variable ? $"{variable} or {variable}_FILE" : "";

    private static string Text(InitRecord record) => $"{SettingTable.Of(record.Service).Component} {SettingValues.Show(record.Instance)}";
}
