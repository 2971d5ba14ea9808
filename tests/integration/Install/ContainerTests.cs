using Darq.Tests.Contract;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Install;

/// <summary>
/// The content of the container's image, and the component in it: read-only, as the image's user, without a shell. Where a Docker daemon
/// runs, also the image itself, which is made of the same folder without a network.
/// </summary>
[Trait("Lane", "Slow")]
public sealed class ContainerTests(ImageRoot root) : IClassFixture<ImageRoot>
{
    private const int MaxBytes = 40_000_000;
    private const string Image = "darq-proof:local";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly Dictionary<string, string> FreePortForAdmin = new() { ["DARQ_ADMIN_ADDRESS"] = "127.0.0.1:0" };

    [Fact]
    public void The_root_folder_is_small_and_has_no_program_but_the_component()
    {
        var files = Directory.GetFiles(root.Folder, "*", SearchOption.AllDirectories).Select(path => new FileInfo(path)).ToArray();

        Assert.InRange(files.Where(file => file.LinkTarget is null).Sum(file => file.Length), 10_000_000, MaxBytes);
        var programs = files.Where(file => file.UnixFileMode.HasFlag(UnixFileMode.UserExecute) && file.LinkTarget is null);
        Assert.Equal(["/darq", "the loader"], programs.Select(Name).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(files, file => file.Name.EndsWith(".dbg", StringComparison.Ordinal));
        Assert.Contains("65532:65532", File.ReadAllText(Path.Combine(root.Folder, "etc", "passwd")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_component_serves_a_sidecar_from_a_read_only_root_as_the_user_of_the_image()
    {
        Assert.SkipUnless(root.WhyNot is null, $"this machine does not let a user make namespaces: {root.WhyNot}");
        await using var redis = await SecuredRedis.StartAsync();
        // The environment is the image's; only this file is a user's own.
        File.Copy(redis.AuthorityFile, Path.Combine(root.Sockets, "authority.crt"), overwrite: true);
        await using var component = await root.RunAsync(
            ["/darq"],
            new(FreePortForAdmin) { ["SSL_CERT_FILE"] = "/tmp/dapr-components-sockets/authority.crt" }
        );
        var address = (await component.WaitForLineAsync(@"Admin endpoint on http://(\S+): ", Patience)).Groups[1].Value.TrimEnd('/');
        await component.WaitForLineAsync(@"Listening on /tmp/dapr-components-sockets/darq\.sock .*65532:65532", Patience);
        using var client = new ComponentClient(Path.Combine(root.Sockets, "darq.sock"), "bank");

        await client.InitPubSubAsync(
            ("redisHost", $"127.0.0.1:{redis.TlsPort}"),
            ("enableTLS", "true"),
            ("redisUsername", "darq"),
            ("redisPassword", SecuredRedis.Password)
        );
        await client.PublishAsync("orders", "{}", ("darq.id", "one"));

        Assert.Equal((0, "alive"), await HealthAsync(address));
        Assert.Equal((0, "ready"), await HealthAsync(address, "--ready"));
        component.Signal(Signal.Term);
        Assert.Equal(0, await component.WaitForExitAsync(Patience));
        Assert.Equal(2, (await HealthAsync(address)).Code);
    }

    [Fact]
    public async Task Nothing_but_the_folder_of_the_socket_can_be_written()
    {
        Assert.SkipUnless(root.WhyNot is null, $"this machine does not let a user make namespaces: {root.WhyNot}");
        Dictionary<string, string> environment = new(FreePortForAdmin) { ["DAPR_COMPONENTS_SOCKETS_FOLDER"] = "/elsewhere" };
        await using var component = await root.RunAsync(["/darq"], environment);

        Assert.Equal(1, await component.WaitForExitAsync(Patience));
        Assert.Contains("Cannot make /elsewhere/darq.sock: Read-only file system", component.Output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_image_is_made_without_a_network_and_is_healthy()
    {
        const string Asks = "docker info --format '{{.ServerVersion}}' && docker buildx version";
        await using var info = await ChildProcess.StartAsync("/bin/sh", ["-c", Asks]);
        var answers = await info.WaitForExitAsync(Patience) == 0;
        Assert.SkipUnless(answers, $"no Docker daemon with buildx answers: {info.Output}");

        var dockerfile = Repository.PathOf("component", "container", "Dockerfile");
        string[] alone = ["--network", "none", "--build-context", $"root={root.Folder}"];
        await DockerAsync(["build", .. alone, "-f", dockerfile, "-t", Image, Repository.Root]);
        var size = await DockerAsync("image", "inspect", Image, "--format", "{{.Size}}");
        Assert.InRange(long.Parse(size, null), 10_000_000, MaxBytes);
        string[] closed = ["--read-only", "--network", "none", "--cap-drop", "ALL"];
        const string Sockets = "/tmp/dapr-components-sockets:uid=65532,gid=65532";
        var container = await DockerAsync(["run", "--detach", .. closed, "--tmpfs", Sockets, Image]);
        try
        {
            await Eventually.TrueAsync(
                async () => await DockerAsync("inspect", container, "--format", "{{.State.Health.Status}}") == "healthy",
                Patience,
                "the image's own health check passes"
            );
            Assert.Equal("alive", await DockerAsync("exec", container, "/darq", "health"));
        }
        finally
        {
            await DockerAsync("rm", "--force", container);
        }
    }

    private static string Name(FileInfo file) =>
        file.Name.StartsWith("ld-linux", StringComparison.Ordinal) ? "the loader" : $"/{file.Name}";

    private async Task<(int Code, string Line)> HealthAsync(string address, params string[] options)
    {
        await using var health = await root.RunAsync(["/darq", "health", "--admin", address, .. options], []);
        var code = await health.WaitForExitAsync(Patience);
        return (code, Assert.Single(health.Output.All));
    }

    private static async Task<string> DockerAsync(params string[] arguments)
    {
        await using var docker = await ChildProcess.StartAsync("docker", arguments);
        Assert.True(await docker.WaitForExitAsync(TimeSpan.FromMinutes(5)) == 0, $"docker {string.Join(' ', arguments)}\n{docker.Output}");
        return docker.Output.All is [.., var last] ? last : "";
    }
}
