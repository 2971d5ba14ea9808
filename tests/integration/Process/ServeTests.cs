using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Process;

/// <summary>How the binary starts.</summary>
public sealed class ServeTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Component_does_not_load_what_only_the_command_line_needs()
    {
        Assert.SkipUnless(File.Exists(Repository.Component + ".dll"), "the component is one native binary");
        await using var component = await ComponentProcess.StartAsync();

        var loaded = await File.ReadAllTextAsync($"/proc/{component.Process.Id}/maps", TestContext.Current.CancellationToken);

        Assert.Contains(
            "StackExchange",
            string.Join('\n', Directory.GetFiles(Path.GetDirectoryName(Repository.Component)!)),
            StringComparison.Ordinal
        );
        Assert.Contains("darq.dll", loaded, StringComparison.Ordinal);
        Assert.DoesNotContain("System.CommandLine", loaded, StringComparison.Ordinal);
        Assert.DoesNotContain("Spectre", loaded, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "pubsub.darq, state.darq and bindings.darq", "--help")]
    [InlineData(0, "darq 0.1.0 (function library ", "--version")]
    [InlineData(0, "Exit codes: 0 no errors", "doctor", "--help")]
    [InlineData(2, "darq: Unrecognized command or argument 'foo'.", "foo")]
    [InlineData(2, "Try: darq doctor --help", "doctor", "--nonsense")]
    [InlineData(2, "--redis-host is missing; give host or host:port", "repair")]
    [InlineData(0, "Exit codes: 0 yes, 1 no, 2 wrong options or nobody to ask.", "health", "--help")]
    [InlineData(2, "darq: --admin: \"9464\" is not accepted; give an IP address or localhost with a port", "health", "--admin", "9464")]
    public async Task Arguments_are_answered_and_serve_nothing(int code, string text, params string[] arguments)
    {
        await using var process = await ChildProcess.StartAsync(Repository.Component, arguments);

        Assert.Equal(code, await process.WaitForExitAsync(Patience));
        Assert.Contains(process.Output.All, line => line.Contains(text, StringComparison.Ordinal));
    }
}
