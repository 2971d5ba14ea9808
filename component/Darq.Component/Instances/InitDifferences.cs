using Darq.Component.Configuration;
using Darq.Engine.Core;

namespace Darq.Component.Instances;

/// <summary>The error for a call that could belong to either of two sidecars.</summary>
internal static class InitDifferences
{
    public static DarqException ToException(InitRecord one, InitRecord other) =>
        new(
            ErrorCode.Misconfigured,
            $"MISCONFIGURED: two sidecars have a {SettingTable.Of(one.Service).Component} {SettingValues.Show(one.Instance)} with "
                + $"different settings ({Describe(one, other)}). The processes of sidecars are hidden from this component, and this call came "
                + "on a connection that sent no Init, so it could belong to either. Restart the sidecar of the call: it sends Init. Where "
                + "several sidecars share a component whose container hides processes, give each a component and socket folder of its own."
        );

    /// <summary>Every setting in which the two differ, with both values; secrets are in no record.</summary>
    private static string Describe(InitRecord one, InitRecord other)
    {
        string[] differing =
        [
            .. one
                .Properties.Keys.Union(other.Properties.Keys)
                .Where(key => Value(one, key) != Value(other, key))
                .Order(StringComparer.Ordinal)
                .Select(key => $"{key} is {Value(one, key)} in one and {Value(other, key)} in the other"),
        ];
        return differing.Length > 0 ? string.Join("; ", differing) : "they differ in a secret";
    }

    private static string Value(InitRecord record, string key) =>
        record.Properties.TryGetValue(key, out var value) ? SettingValues.Show(value) : "not set";
}
