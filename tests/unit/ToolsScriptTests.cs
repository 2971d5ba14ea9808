using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Unit;

public sealed class ToolsScriptTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Unknown_tool_is_refused_with_the_known_names()
    {
        await using var script = await ChildProcess.StartAsync(Repository.PathOf("tests", "tools.sh"), ["reddis"]);

        Assert.Equal(1, await script.WaitForExitAsync(Patience));
        Assert.Equal(["tools: unknown component 'reddis'; known: redis valkey grpcio lua node"], script.Output.All);
    }

    [Fact]
    public async Task Tools_that_are_there_are_not_fetched_again()
    {
        Assert.True(File.Exists(Tools.RedisServer) && File.Exists(Tools.ValkeyServer) && File.Exists(Tools.Lua51));
        await using var script = await ChildProcess.StartAsync(Repository.PathOf("tests", "tools.sh"), ["redis", "valkey", "lua"]);

        Assert.Equal(0, await script.WaitForExitAsync(Patience));
        Assert.DoesNotContain(script.Output.All, line => line.Contains("downloading", StringComparison.Ordinal));
    }
}
