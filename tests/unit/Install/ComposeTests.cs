using System.Text.RegularExpressions;
using Darq.Tests.Shared;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace Darq.Tests.Unit.Install;

/// <summary>The Compose file and the container as far as they can be checked without Docker: what they name is there, and fits.</summary>
public sealed partial class ComposeTests
{
    private const string Folder = "examples/compose";
    private const string Dockerfile = "component/container/Dockerfile";
    private const string Sockets = "/tmp/dapr-components-sockets";

    private static readonly YamlNode Compose = YamlFile.Read($"{Folder}/docker-compose.yaml").Single();

    [Fact]
    public void Images_have_exact_tags_and_ours_that_of_the_version()
    {
        var images = Compose.Members("services").Select(service => service.Value.Text("image")!).Concat(Froms()).ToArray();

        Assert.Equal(6, images.Length);
        Assert.All(images, image => Assert.Matches(ExactTag(), image));
        Assert.Contains($"ghcr.io/dapr-darq/darq:{Version()}", images);
    }

    [Fact]
    public void Services_start_in_the_order_that_a_sidecar_needs()
    {
        Assert.Equal("service_healthy", Compose.Text("services", "component", "depends_on", "redis", "condition"));
        Assert.Equal("service_healthy", Compose.Text("services", "daprd", "depends_on", "component", "condition"));
        var waitedFor = Compose.Members("services").SelectMany(service => service.Value.Members("depends_on")).ToArray();
        Assert.All(
            waitedFor.Where(other => other.Value.Text("condition") == "service_healthy"),
            other => Assert.NotEmpty(Compose.At("services", other.Name).Texts("healthcheck", "test"))
        );
        Assert.Equal(["CMD", "/darq", "health"], Compose.At("services", "component").Texts("healthcheck", "test"));
    }

    [Fact]
    public void Mounted_and_named_files_are_there()
    {
        var named = Compose.Members("volumes").Select(volume => volume.Name).ToArray();
        var mounts = Compose.Members("services").SelectMany(service => service.Value.Texts("volumes"));
        Assert.All(
            mounts.Select(mount => mount.Split(':')[0]),
            source => Assert.True(named.Contains(source) || Directory.Exists(PathOf(source)), source)
        );
        var build = Compose.At("services", "component", "build");
        Assert.Equal(Repository.Root, PathOf(build.Text("context")!));
        Assert.True(File.Exists(Path.Combine(PathOf(build.Text("context")!), build.Text("dockerfile")!)));

        var script = Compose.At("services", "handler").Texts("command")[1];
        var handler = Text(script.Replace("/app/", "examples/first-step/", StringComparison.Ordinal));
        Assert.Contains($"listen({Flag("app-port")})", handler, StringComparison.Ordinal);
        Assert.Contains($"localhost:{Api}/", handler, StringComparison.Ordinal);
        Assert.Equal([$"127.0.0.1:{Api}:{Api}"], Compose.At("services", "pod").Texts("ports"));
    }

    [Fact]
    public void Component_and_sidecar_share_the_socket_and_the_user_of_the_image()
    {
        foreach (var name in new[] { "component", "daprd" })
        {
            Assert.Contains($"sockets:{Sockets}", Compose.At("services", name).Texts("volumes"));
            Assert.Equal("65532:65532", Compose.Text("services", name, "user"));
        }

        Assert.Equal("true", Compose.Text("services", "component", "read_only"));
        // One that belongs to neither: it would be gone with the container whose it is.
        Assert.All(["handler", "daprd"], name => Assert.Equal("service:pod", Compose.Text("services", name, "network_mode")));
        Assert.Contains("\nUSER 65532:65532\n", Text(Dockerfile), StringComparison.Ordinal);
        Assert.Contains("\nFROM scratch\n", Text(Dockerfile), StringComparison.Ordinal);
        Assert.Matches("""(?m)^HEALTHCHECK .* CMD \["/darq", "health"\]$""", Text(Dockerfile));
        Assert.Contains($"{Sockets}\"\n", Text("component/container/root.sh"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bank")]
    [InlineData("ledger")]
    [InlineData("work")]
    public void Resources_are_those_of_the_first_step_with_the_names_of_the_services(string name)
    {
        var own = Settings($"{Folder}/resources/{name}.yaml");
        var first = Settings($"examples/first-step/resources/{name}.yaml");

        Assert.Equal("redis:6379", own["redisHost"]);
        Assert.Equal(name == "ledger" ? null : $"http://pod:{Api}", own.GetValueOrDefault("restartSidecar"));
        Assert.Equal(
            first.Where(setting => setting.Key != "redisHost"),
            own.Where(setting => setting.Key is not ("redisHost" or "restartSidecar"))
        );
    }

    [Fact]
    public void The_first_step_has_no_other_resources() =>
        Assert.Equal(
            Directory.GetFiles(Repository.PathOf("examples/first-step/resources")).Select(Path.GetFileName).Order(StringComparer.Ordinal),
            Directory.GetFiles(PathOf("resources")).Select(Path.GetFileName).Order(StringComparer.Ordinal)
        );

    [Fact]
    public void What_the_dockerfile_copies_is_made_by_its_script_and_not_left_out()
    {
        var copied = Copy().Matches(Text(Dockerfile)).Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal);
        Assert.Equal(["/darq", "/etc", "/lib", "/lib64", "/tmp", "/usr"], copied);

        var kept = Text(Dockerfile + ".dockerignore").Split('\n').Where(line => line.StartsWith('!')).Select(line => line[1..]).ToArray();
        Assert.All(kept, pattern => Assert.NotEmpty(Found(pattern)));
        // What the project files and the script read.
        string[] read = ["component", "Directory.*.props", "BannedSymbols.txt", "global.json", "LICENSE"];
        Assert.Empty(read.Except(kept));
    }

    private static Dictionary<string, string?> Settings(string path)
    {
        var root = YamlFile.Read(path).Single();
        Assert.Equal(("v1", "30s"), (root.Text("spec", "version"), root.Text("spec", "initTimeout")));
        var settings = root.Items("spec", "metadata").ToDictionary(item => item.Text("name")!, item => item.Text("value"));
        settings["type and name"] = $"{root.Text("spec", "type")} {root.Text("metadata", "name")}";
        return settings;
    }

    /// <summary>The port of the sidecar's HTTP API.</summary>
    private static string Api => Flag("dapr-http-port");

    private static string Flag(string name)
    {
        var flags = Compose.At("services", "daprd").Texts("command");
        return flags.Single(flag => flag.StartsWith($"--{name}=", StringComparison.Ordinal)).Split('=')[1];
    }

    private static string[] Found(string pattern) =>
        Directory.GetFileSystemEntries(Repository.PathOf(Path.GetDirectoryName(pattern)!), Path.GetFileName(pattern));

    private static string Text(string path) => File.ReadAllText(Repository.PathOf(path));

    private static string PathOf(string path) => Path.GetFullPath(Path.Combine(Repository.PathOf(Folder), path)).TrimEnd('/');

    private static IEnumerable<string> Froms() =>
        From().Matches(Text(Dockerfile)).Select(match => match.Groups[1].Value).Where(image => image != "scratch");

    private static string Version() => Regex.Match(Text("Directory.Build.props"), "<Version>(.+)</Version>").Groups[1].Value;

    [GeneratedRegex(@"^FROM (\S+)", RegexOptions.Multiline)]
    private static partial Regex From();

    [GeneratedRegex(@"^COPY --from=root (?:--chown=65532:65532 )?(\S+) ", RegexOptions.Multiline)]
    private static partial Regex Copy();

    /// <summary>A tag with three numbers, and no other word than the name of a base.</summary>
    [GeneratedRegex(@"^[a-z./-]+:\d+\.\d+\.\d+(-(slim|noble))?$")]
    private static partial Regex ExactTag();
}
