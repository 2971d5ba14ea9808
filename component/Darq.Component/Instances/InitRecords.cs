using Darq.Component.Configuration;
using Darq.Engine.Core;

namespace Darq.Component.Instances;

/// <summary>Removes the secret values from a kept Init, and adds them again after a restart.</summary>
internal static class InitRecords
{
    public static InitRecord Of(ComponentService service, string instance, IReadOnlyDictionary<string, string> properties)
    {
        var table = SettingTable.Of(service);
        Dictionary<string, string> kept = [];
        List<string> withheld = [];
        foreach (var (key, value) in properties)
        {
            var setting = table.Find(key);
            if (setting is not { Secret: true })
            {
                kept[key] = value;
            }
            else if (setting.Role == SettingRole.Effective && value.Length > 0)
            {
                withheld.Add(setting.Name);
            }
        }

        return new InitRecord(service, instance, kept, withheld);
    }

    /// <summary>
    /// The properties with their secrets. Throws <see cref="DarqException"/> (Misconfigured) that names the variables to set.
    /// </summary>
    public static IReadOnlyDictionary<string, string> Complete(InitRecord record, Secrets secrets)
    {
        var properties = new Dictionary<string, string>(record.Properties);
        List<string> missing = [];
        foreach (var name in record.Withheld)
        {
            if (secrets.Find(name) is { } value)
            {
                properties[name] = value;
            }
            else
            {
                missing.Add(name);
            }
        }

        return missing.Count == 0 ? properties : throw Without(record, missing);
    }

    private static DarqException Without(InitRecord record, List<string> missing)
    {
        var variables = string.Join(" and ", missing.Select(name => $"{Secrets.VariableOf(name)} or {Secrets.VariableOf(name)}_FILE"));
        return new DarqException(
            ErrorCode.Misconfigured,
            $"MISCONFIGURED: the component was restarted and has no {string.Join(", ", missing)} for "
                + $"{SettingTable.Of(record.Service).Component} {SettingValues.Show(record.Instance)}, because secrets are not kept on "
                + $"disk. Set {variables} in the component's environment, or restart the sidecar: it sends Init."
        );
    }
}
