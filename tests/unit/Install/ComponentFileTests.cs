using System.Text.RegularExpressions;
using Darq.Component.Configuration;
using Darq.Engine.Core;
using Darq.Tests.Shared;
using Darq.Tests.Unit.Code;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace Darq.Tests.Unit.Install;

/// <summary>
/// What the files of components-yaml name exists, also in what is commented out. That a sidecar and the component take them is tested
/// in tests/integration/Install.
/// </summary>
public sealed partial class ComponentFileTests
{
    private const string Folder = "components-yaml";

    public static TheoryData<string> Files => [.. Paths];

    private static IEnumerable<string> Paths =>
        Directory
            .GetFiles(Repository.PathOf(Folder), "*.yaml", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Repository.Root, path))
            .Where(path => !path.StartsWith($"{Folder}/metadata/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);

    [Theory]
    [MemberData(nameof(Files))]
    public void Components_have_a_version_and_time_for_Init(string path) =>
        Assert.All(
            YamlFile.Read(path).Where(root => root.Text("kind") == "Component"),
            root =>
            {
                Assert.Equal("dapr.io/v1alpha1", root.Text("apiVersion"));
                Assert.Equal(("v1", "30s"), (root.Text("spec", "version"), root.Text("spec", "initTimeout")));
                Assert.NotEmpty(root.Text("metadata", "name")!);
            }
        );

    [Theory]
    [MemberData(nameof(Files))]
    public void Settings_are_known_and_their_values_accepted(string path)
    {
        foreach (var root in YamlFile.Read(path).Where(IsOurs))
        {
            var names = root.Items("spec", "metadata").Select(item => item.Text("name")!).ToArray();
            Assert.Contains("redisHost", names);
            Assert.Equal(names.Distinct(), names);
            Assert.All(root.Items("spec", "metadata"), item => Accepts(Table(root), item.Text("name")!, item.Text("value")));
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void What_is_commented_out_is_a_setting_with_its_default(string path)
    {
        var commented = Commented().Matches(File.ReadAllText(Repository.PathOf(path)));
        var table = YamlFile.Read(path).Where(IsOurs).Select(Table).FirstOrDefault();
        foreach (Match match in commented)
        {
            var (name, value) = (match.Groups[1].Value, match.Groups[2].Value);
            var setting = Accepts(table!, name, match.Groups[2].Success ? value : null);
            Assert.True(
                !match.Groups[2].Success || setting.Role != SettingRole.Effective || value == setting.Standard,
                $"{path}: {name} is commented out with \"{value}\"; its default is \"{setting.Standard}\""
            );
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Secrets_are_references_to_a_store_of_the_folder(string path)
    {
        foreach (var root in YamlFile.Read(path).Where(IsOurs))
        {
            var items = root.Items("spec", "metadata").ToArray();
            Assert.All(
                items.Where(item => Table(root).Find(item.Text("name")!)!.Secret),
                item => Assert.True(item.Text("value") is null && item.Text("secretKeyRef", "key") is not null, item.Text("name"))
            );
            if (items.Any(item => item.At("secretKeyRef") is not null))
            {
                var stores = Directory
                    .GetFiles(Path.GetDirectoryName(Repository.PathOf(path))!, "*.yaml")
                    .SelectMany(file => YamlFile.Parse(File.ReadAllText(file)))
                    .Where(other => other.Text("spec", "type")?.StartsWith("secretstores.", StringComparison.Ordinal) == true);
                Assert.Contains(root.Text("auth", "secretStore"), stores.Select(store => store.Text("metadata", "name")));
            }
        }
    }

    [Fact]
    public void Subscriptions_use_settings_of_subscriptions()
    {
        var subscriptions = Paths.SelectMany(YamlFile.Read).Where(root => root.Text("kind") == "Subscription").ToArray();

        Assert.NotEmpty(subscriptions);
        Assert.All(
            subscriptions.SelectMany(root => root.Members("spec", "metadata")),
            setting => Accepts(SettingTable.Subscription, setting.Name, ((YamlScalarNode)setting.Value).Value)
        );
    }

    [Fact]
    public void The_resiliency_policy_names_policies_and_components_that_are_there_and_leaves_the_app_alone()
    {
        var root = Assert.Single(YamlFile.Read($"{Folder}/resiliency/resiliency.yaml"));
        var policies = root.Members("spec", "policies", "timeouts");
        var timeouts = policies.ToDictionary(policy => policy.Name, policy => ((YamlScalarNode)policy.Value).Value!);
        var retries = root.Members("spec", "policies", "retries").Select(policy => policy.Name).ToArray();
        var components = YamlFile.Read($"{Folder}/local/pubsub.yaml").Concat(YamlFile.Read($"{Folder}/local/statestore.yaml"));

        Assert.Equal("Resiliency", root.Text("kind"));
        var targets = root.Members("spec", "targets", "components").ToArray();
        Assert.Equal(components.Select(component => component.Text("metadata", "name")), targets.Select(target => target.Name));
        Assert.All(
            targets,
            target =>
            {
                Assert.Equal(["outbound"], target.Value.Members().Select(member => member.Name));
                Assert.Contains(target.Value.Text("outbound", "retry"), retries);
                // Shorter than the component's own answer it would hide why a call failed.
                Assert.True(DurationText.TryRead(timeouts[target.Value.Text("outbound", "timeout")!], out var timeout));
                Assert.True(timeout > NamespaceSettings.CallTimeout.Default);
            }
        );
        Assert.All(
            root.Members("spec", "policies", "retries"),
            policy => Assert.InRange(int.Parse(policy.Value.Text("maxRetries")!, null), 1, 10)
        );
    }

    [Fact]
    public void The_table_of_the_readme_has_each_folder() =>
        Assert.Equal(
            Directory
                .GetDirectories(Repository.PathOf(Folder))
                .Select(Path.GetFileName)
                .Order(StringComparer.Ordinal),
            Row()
                .Matches(File.ReadAllText(Repository.PathOf(Folder, "README.md")))
                .Select(row => row.Groups[1].Value)
                .Order(StringComparer.Ordinal)
        );

    [Fact]
    public void Each_folder_is_applied_by_a_test()
    {
        var tests = SourceTree.File("tests/integration/Install/ComponentYamlTests.cs").Text;

        Assert.All(
            Paths.Select(path => path.Split('/')[1]).Distinct(),
            folder => Assert.Matches($@"ComponentFolder\.Read\(\s*""{folder}""", tests)
        );
    }

    private static bool IsOurs(YamlNode root) => root.Text("spec", "type")?.EndsWith(".darq", StringComparison.Ordinal) == true;

    private static SettingTable Table(YamlNode root) =>
        SettingTable.Of(
            root.Text("spec", "type") switch
            {
                "pubsub.darq" => ComponentService.PubSub,
                "state.darq" => ComponentService.StateStore,
                "bindings.darq" => ComponentService.InputBinding,
                var other => throw new InvalidOperationException($"{other} is no type of this component"),
            }
        );

    private static Setting Accepts(SettingTable table, string name, string? value)
    {
        var setting = table.Find(name);
        Assert.True(setting is not null && setting.Name == name, $"{name} is no setting of {table.Component}");
        // An empty value means that the setting is not given.
        Assert.True(string.IsNullOrEmpty(value) || setting.Read(value, out _) is null, $"{name}: \"{value}\"; accepted: {setting.Form}");
        return setting;
    }

    /// <summary>A setting in a comment, and its value where it has one.</summary>
    [GeneratedRegex("""^ *# - name: (\S+)\n(?: *#   value: "(.*)"$)?""", RegexOptions.Multiline)]
    private static partial Regex Commented();

    [GeneratedRegex(@"^\| \[([a-z-]+)\]\(", RegexOptions.Multiline)]
    private static partial Regex Row();
}
