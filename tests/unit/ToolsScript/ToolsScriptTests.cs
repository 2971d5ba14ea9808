using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Unit.ToolsScript;

public sealed class ToolsScriptTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Unknown_tool_is_refused_with_the_known_names()
    {
        await using var script = await ChildProcess.StartAsync(Repository.PathOf("tests", "tools.sh"), ["reddis"]);

        Assert.Equal(1, await script.WaitForExitAsync(Patience));
        Assert.Equal(["tools: unknown component 'reddis'; known: redis valkey grpcio native node python"], script.Output.All);
    }

    [Fact]
    public async Task Tools_that_are_there_are_not_fetched_again()
    {
        Assert.True(File.Exists(Tools.RedisServer) && File.Exists(Tools.ValkeyServer));
        await using var script = await ChildProcess.StartAsync(Repository.PathOf("tests", "tools.sh"), ["redis", "valkey"]);

        Assert.Equal(0, await script.WaitForExitAsync(Patience));
        Assert.DoesNotContain(script.Output.All, line => line.Contains("downloading", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("redis", "7.0.0")]
    [InlineData("redis", "10.0.1")]
    [InlineData("valkey", "7.2.0")]
    [InlineData("valkey", "9.1.3")]
    public async Task Server_on_PATH_is_used_if_it_is_new_enough(string name, string version)
    {
        using var path = new TempFolder();
        await using var script = await RunWithoutAptAsync(path, name, version);

        Assert.True(await script.WaitForExitAsync(Patience) == 0, script.Output.ToString());
        Assert.Contains(
            $"export DARQ_{name.ToUpperInvariant()}_SERVER='{path}/{name}-server'",
            await File.ReadAllLinesAsync(path.PathOf("tools/env.sh"))
        );
    }

    [Theory]
    [InlineData("redis", "6.2.14")]
    [InlineData("valkey", "7.1.9")]
    public async Task Server_on_PATH_that_is_too_old_counts_as_missing(string name, string version)
    {
        using var path = new TempFolder();
        await using var script = await RunWithoutAptAsync(path, name, version);

        Assert.Equal(1, await script.WaitForExitAsync(Patience));
        Assert.Equal(
            [$"tools: {name} is missing, and without apt-get it cannot be fetched: put it on PATH (Redis >= 7.0, Valkey >= 7.2)"],
            script.Output.All
        );
    }

    /// <summary>Everything of the system is on PATH but apt, and before it a server that says it is of this version.</summary>
    private static Task<ChildProcess> RunWithoutAptAsync(TempFolder path, string name, string version)
    {
        foreach (var program in new[] { "server", "cli", "benchmark", "check-aof" })
        {
            var stub = path.Write($"{name}-{program}", $"#!/bin/sh\necho '{name} {program} v={version} sha=00000000:0'\n");
            File.SetUnixFileMode(stub, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        foreach (var program in Directory.EnumerateFiles("/usr/bin").Concat(Directory.EnumerateFiles("/bin")))
        {
            var link = path.PathOf(Path.GetFileName(program));
            if (!Path.GetFileName(program).StartsWith("apt", StringComparison.Ordinal) && !File.Exists(link))
            {
                File.CreateSymbolicLink(link, program);
            }
        }

        return ChildProcess.StartAsync(
            Repository.PathOf("tests", "tools.sh"),
            [name],
            new Dictionary<string, string?> { ["PATH"] = path.FullPath, ["DARQ_TOOLS"] = path.PathOf("tools") }
        );
    }
}
