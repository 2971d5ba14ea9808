using Darq.Component.Cli.Data;
using Darq.Component.Cli.Findings;
using Darq.Component.Cli.Repairs;
using Darq.Component.Configuration;

namespace Darq.Component.Cli.Checks;

/// <summary>Who is alive. Running components mend it themselves, so that damage is seen only while none runs.</summary>
internal static class MembersCheck
{
    public static Finding? Judge(string key, string session, string value) =>
        IsRecord(value)
            ? null
            : new(Severity.Error, "members", $"The record of a member is damaged: {SettingValues.Show(value)}.")
            {
                Key = key,
                Field = session,
                Means = "A running component removes it with its next heartbeat; none has done so yet.",
                Do = "darq repair",
                Repair = HeaderRepair.WithoutField(key, session, value),
            };

    /// <summary>A key of another type in its place.</summary>
    public static Finding OfType(string key, string type, long aside) =>
        new(Severity.Error, "members", $"The key of the members is a {type}, and has to be a hash.")
        {
            Key = key,
            Means = "A running component replaces it with its next heartbeat; none has done so yet.",
            Do = "darq repair",
            Repair = SetAsideRepair.Of(key, type, aside),
        };

    /// <summary>As members.lua reads it: the time of a heartbeat, a space, and what the session announced.</summary>
    private static bool IsRecord(string value) =>
        value.IndexOf(' ', StringComparison.Ordinal) is > 0 and var space && StoredNumbers.TryRead(value[..space], out _);
}
