using Darq.Component.Configuration;
using Darq.Tests.Shared;
using Darq.Tests.Unit.Install;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace Darq.Tests.Unit.Configuration;

/// <summary>components-yaml/metadata describes the settings that Init accepts, in the form of components-contrib.</summary>
public sealed class ComponentMetadataTests
{
    /// <summary>The command that writes the files anew.</summary>
    public const string Renewal = "DARQ_RENEW=1 dotnet test tests/unit -c Release --filter FullyQualifiedName~ComponentMetadata";

    private static readonly Dictionary<string, string[]> Members = new()
    {
        ["component"] = ["schemaVersion", "type", "name", "version", "status", "title", "urls", "authenticationProfiles", "metadata"],
        ["component, optional"] = ["capabilities", "binding"],
        ["setting"] = ["name", "description", "required", "type", "example"],
        ["setting, optional"] = ["sensitive", "default", "allowedValues", "binding"],
    };

    [Theory]
    [InlineData("pubsub")]
    [InlineData("state")]
    [InlineData("bindings")]
    public void The_files_are_what_the_settings_make(string type)
    {
        var metadata = new ComponentMetadata(type, Service(type));
        var (path, text) = (Repository.PathOf(metadata.Path), metadata.Write());
        if (Environment.GetEnvironmentVariable("DARQ_RENEW") == "1")
        {
            File.WriteAllText(path, text);
        }

        Assert.True(
            File.Exists(path) && File.ReadAllText(path) == text,
            $"{metadata.Path} is not what the settings of the component make. To renew it:\n  {Renewal}"
        );
    }

    [Theory]
    [InlineData("pubsub")]
    [InlineData("state")]
    [InlineData("bindings")]
    public void The_form_is_that_of_the_schema(string type)
    {
        var root = YamlFile.Parse(new ComponentMetadata(type, Service(type)).Write()).Single();
        HasMembers("component", root);
        Assert.Equal(("v1", type, "darq", "v1"), (root.Text("schemaVersion"), root.Text("type"), root.Text("name"), root.Text("version")));
        Assert.Contains(root.Text("status"), new[] { "stable", "beta", "alpha", "development-only" });
        Assert.Equal(type == "bindings", root.At("binding") is not null);
        Assert.Equal("Reference", root.Items("urls").First().Text("title"));
        var settings = root.Items("metadata").Concat(root.Items("authenticationProfiles").SelectMany(profile => profile.Items("metadata")));
        Assert.All(settings, setting => IsSetting(setting, SettingTable.Of(Service(type))));
        var required = root.Items("metadata").Where(setting => setting.Text("required") == "true");
        Assert.Equal(["redisHost"], required.Select(setting => setting.Text("name")));
    }

    private static ComponentService Service(string type) =>
        type switch
        {
            "pubsub" => ComponentService.PubSub,
            "state" => ComponentService.StateStore,
            _ => ComponentService.InputBinding,
        };

    private static void IsSetting(YamlNode described, SettingTable table)
    {
        HasMembers("setting", described);
        Assert.Contains(described.Text("type"), new[] { "string", "number", "bool", "duration" });
        var setting = table.Find(described.Text("name")!);
        Assert.NotNull(setting);
        Assert.Equal(setting.Secret ? "true" : null, described.Text("sensitive"));
        Assert.Null(setting.Read(described.Text("example")!, out _));
        Assert.All(described.Items("allowedValues"), word => Assert.Null(setting.Read(((YamlScalarNode)word).Value!, out _)));
    }

    private static void HasMembers(string kind, YamlNode node)
    {
        var members = node.Members().Select(member => member.Name).ToArray();
        Assert.Empty(Members[kind].Except(members));
        Assert.Empty(members.Except(Members[kind]).Except(Members[$"{kind}, optional"]));
    }
}
