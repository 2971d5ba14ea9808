using Darq.Component.Admin;
using Darq.Tests.Shared;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace Darq.Tests.Unit.Install;

/// <summary>examples/dapr-run/dapr.yaml: what it names is there, and the component comes before the sidecar that needs it.</summary>
public sealed class DaprRunTests
{
    private const string Folder = "examples/dapr-run";

    // Those of Dapr's command line that are used here; it passes over a misspelt one in silence.
    private static readonly string[] Known =
    [
        "appID",
        "appDirPath",
        "appPort",
        "daprHTTPPort",
        "resourcesPaths",
        "command",
        "env",
        "appLogDestination",
    ];

    private static readonly YamlNode Run = YamlFile.Read($"{Folder}/dapr.yaml").Single();

    [Fact]
    public void The_component_is_the_first_entry_and_the_port_that_is_waited_for_is_its_admin_endpoint()
    {
        var apps = Run.Items("apps").ToArray();

        Assert.Equal("1", Run.Text("version"));
        Assert.Equal(["darq", "ledger"], apps.Select(app => app.Text("appID")));
        Assert.EndsWith("/darq", Assert.Single(apps[0].Texts("command")), StringComparison.Ordinal);
        Assert.True(AdminOptions.TryRead(apps[0].Text("env", AdminOptions.Variable)!, out var admin));
        Assert.Equal($"{admin.Port}", apps[0].Text("appPort"));
    }

    [Fact]
    public void Names_of_fields_are_those_of_the_command_line() =>
        Assert.All(Run.Items("apps").SelectMany(app => app.Members()), field => Assert.Contains(field.Name, Known));

    [Fact]
    public void Named_files_are_there()
    {
        foreach (var app in Run.Items("apps"))
        {
            Assert.Equal(Repository.Root, PathOf(app, "."));
            Assert.All(app.Texts("resourcesPaths"), path => Assert.True(Directory.Exists(PathOf(app, path)), path));
        }

        var (component, ledger) = (Run.Items("apps").First(), Run.Items("apps").Last());
        // The binary of the build that the file's first lines ask for.
        var binary = Repository.Binary("component/Darq.Component", "darq").Replace("/Debug/", "/Release/", StringComparison.Ordinal);
        Assert.Equal(binary, PathOf(component, component.Texts("command")[0]));
        Assert.Empty(Directory.GetFiles(PathOf(component, component.Texts("resourcesPaths")[0]), "*.yaml"));
        var handler = File.ReadAllText(PathOf(ledger, ledger.Texts("command")[1]));
        Assert.Contains($"listen({ledger.Text("appPort")})", handler, StringComparison.Ordinal);
        Assert.Contains($"localhost:{ledger.Text("daprHTTPPort")}/", handler, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("examples/orders")]
    [InlineData("examples/travel-saga")]
    [InlineData("examples/sdk")]
    public void Other_examples_begin_with_the_same_component_and_name_what_is_there(string folder)
    {
        var apps = YamlFile.Read($"{folder}/dapr.yaml").Single().Items("apps").ToArray();

        Assert.Equal(Run.Items("apps").First().ToString(), apps[0].ToString());
        Assert.All(apps.SelectMany(app => app.Members()), field => Assert.Contains(field.Name, Known));
        Assert.Equal(apps.Length - 1, apps.Skip(1).Select(app => app.Text("daprHTTPPort")).Distinct().Count());
        foreach (var app in apps.Skip(1))
        {
            Assert.Equal("../..", app.Text("appDirPath"));
            // Of a program that a build makes, its project.
            var program = app.Texts("command").Single(word => word.Contains('/', StringComparison.Ordinal)).Split("/bin/")[0];
            Assert.True(Path.Exists(Repository.PathOf(program)), program);
            Assert.All(app.Texts("resourcesPaths"), path => Assert.True(Directory.Exists(Repository.PathOf(path)), path));
        }
    }

    /// <summary>Paths are relative to appDirPath, and that to the file.</summary>
    private static string PathOf(YamlNode app, string path) =>
        Path.GetFullPath(Path.Combine(Repository.PathOf(Folder), app.Text("appDirPath")!, path)).TrimEnd('/');
}
