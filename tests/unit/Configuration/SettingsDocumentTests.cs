using Darq.Component.Configuration;
using Darq.Tests.Unit.Code;
using Xunit;

namespace Darq.Tests.Unit.Configuration;

/// <summary>docs/settings.md lists what Init accepts.</summary>
public sealed class SettingsDocumentTests
{
    private static readonly (string Word, SettingTable Table)[] Tables =
    [
        ("pubsub", SettingTable.Of(ComponentService.PubSub)),
        ("state", SettingTable.Of(ComponentService.StateStore)),
        ("bindings", SettingTable.Of(ComponentService.InputBinding)),
        ("subscription", SettingTable.Subscription),
    ];

    private static string Document => SourceTree.File("docs/settings.md").Text;

    [Fact]
    public void The_tables_of_settings_are_those_of_the_code() =>
        Assert.Equal(
            With(SettingRole.Effective).Select(Row).Order(StringComparer.Ordinal),
            Document.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
        );

    [Fact]
    public void Settings_that_change_nothing_are_named() =>
        Assert.All(
            With(SettingRole.Sidecar, SettingRole.WithoutEffect, SettingRole.Missed, SettingRole.Later),
            setting => Assert.Contains($"`{setting.Name}`", Document, StringComparison.Ordinal)
        );

    private static IEnumerable<Setting> With(params SettingRole[] roles) =>
        Tables.SelectMany(of => of.Table.Settings).Where(setting => roles.Contains(setting.Role)).DistinctBy(setting => setting.Name);

    private static string Row(Setting setting)
    {
        var words = Tables.Where(of => of.Table.Find(setting.Name)?.Role == SettingRole.Effective).Select(of => of.Word).ToArray();
        var standard = setting.Standard.Length == 0 ? "" : $"`{setting.Standard}`";
        return $"| `{setting.Name}` | {setting.Form} | {standard} | {string.Join(", ", words)} | {setting.Description} |";
    }
}
