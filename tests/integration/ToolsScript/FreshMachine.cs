using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.ToolsScript;

/// <summary>
/// A machine on which apt was never updated: its state is an empty folder and nothing is taken from PATH. The script has run once,
/// for one server and for the toolchain, which together are a download of about 40 MB.
/// </summary>
public sealed class FreshMachine : IAsyncLifetime, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly TempFolder _folder = new();
    private int _configurations;

    public string ToolsFolder => _folder.PathOf("tools");

    /// <summary>What apt would write to outside of the tools folder, and where a hook of the system would leave its trace.</summary>
    public string SystemState => _folder.PathOf("system");

    public IReadOnlyList<string> Output { get; private set; } = [];

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(SystemState);
        await using var script = await RunAsync(["redis", "native"]);
        Assert.True(await script.WaitForExitAsync(Patience) == 0, script.Output.ToString());
        Output = script.Output.All;
    }

    /// <summary>Runs the script, if wanted with further lines in apt's configuration and with another tools folder.</summary>
    internal Task<ChildProcess> RunAsync(string[] components, string configuration = "", string? toolsFolder = null)
    {
        var hook = $"{{ \"touch {SystemState}/hook\"; }};\n";
        var file = _folder.Write(
            $"apt-{_configurations++}.conf",
            $"Dir::State \"{SystemState}\";\nAPT::Update::Pre-Invoke {hook}APT::Update::Post-Invoke {hook}"
                + $"APT::Update::Post-Invoke-Success {hook}{configuration}"
        );
        return ChildProcess.StartAsync(
            Repository.PathOf("tests", "tools.sh"),
            components,
            new Dictionary<string, string?>
            {
                ["APT_CONFIG"] = file,
                ["DARQ_TOOLS"] = toolsFolder ?? ToolsFolder,
                ["DARQ_TOOLS_IGNORE_PATH"] = "1",
                ["LD_LIBRARY_PATH"] = null,
            }
        );
    }

    /// <summary>Runs a command with nothing but the system's own programs and what the script says is there.</summary>
    internal async Task<IReadOnlyList<string>> ShellAsync(string command)
    {
        await using var shell = await ChildProcess.StartAsync(
            "/bin/bash",
            ["-euc", $"source '{ToolsFolder}/env.sh'; {command}"],
            new Dictionary<string, string?> { ["PATH"] = "/usr/bin:/bin", ["LD_LIBRARY_PATH"] = null },
            _folder.FullPath
        );
        Assert.True(await shell.WaitForExitAsync(Patience) == 0, shell.Output.ToString());
        return shell.Output.All;
    }

    internal string PathOf(string name) => _folder.PathOf(name);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public void Dispose() => _folder.Dispose();
}
