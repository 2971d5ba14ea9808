using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Install;

/// <summary>
/// The root folder of the image, made once by the script that the Dockerfile calls, and a way to run a program in it without Docker: in
/// namespaces of a user's own, where this machine has them.
/// </summary>
public sealed class ImageRoot : IAsyncLifetime, IDisposable
{
    private static readonly string[] Namespaces = ["unshare", "--user", "--map-root-user", "--mount"];

    // What enter_root.sh needs of the system, without a root folder: a fault of ours must not look like a machine that cannot do it.
    private const string Trial = """
        mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && mount --rbind /proc "$1" &&
        exec unshare --user --map-user=65532 --map-group=65532 true
        """;

    private static readonly TimeSpan BuildTime = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TempFolder _folder = new();

    public string Folder => _folder.PathOf("root");

    /// <summary>What is mounted in the place of the folder with the socket.</summary>
    public string Sockets => _folder.PathOf("sockets");

    /// <summary>Why nothing can be run in it on this machine; null where it can.</summary>
    public string? WhyNot { get; private set; }

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Sockets);
        await using var script = await ChildProcess.StartAsync(Repository.PathOf("component", "container", "root.sh"), [Folder]);
        Assert.True(await script.WaitForExitAsync(BuildTime) == 0, script.Output.ToString());
        await using var trial = await ChildProcess.StartAsync(Namespaces[0], [.. Namespaces[1..], "/bin/sh", "-c", Trial, "sh", Sockets]);
        WhyNot = await trial.WaitForExitAsync(Patience) == 0 ? null : trial.Output.ToString();
    }

    /// <summary>Runs a program of the root folder as the image's user, with this environment and nothing else.</summary>
    internal Task<ChildProcess> RunAsync(string[] command, Dictionary<string, string> environment) =>
        ChildProcess.StartAsync(
            "env",
            [
                "--ignore-environment",
                "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                .. environment.Select(variable => $"{variable.Key}={variable.Value}"),
                .. Namespaces,
                Repository.PathOf("tests", "integration", "Install", "enter_root.sh"),
                Folder,
                Sockets,
                .. command,
            ]
        );

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public void Dispose() => _folder.Dispose();
}
