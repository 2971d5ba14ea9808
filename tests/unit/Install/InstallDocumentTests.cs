using System.Text.RegularExpressions;
using Darq.Component.Cli;
using Darq.Tests.Shared;
using Darq.Tests.Unit.Code;
using Xunit;

namespace Darq.Tests.Unit.Install;

/// <summary>The commands of docs/install.md and docs/upgrade.md name files that are there, and options that darq has.</summary>
public sealed partial class InstallDocumentTests
{
    private static readonly string[] Documents = ["docs/install.md", "docs/upgrade.md"];

    // Made by the commands themselves.
    private static readonly string[] Made = [".tools/released/darq", ".tools/env.sh"];

    [Fact]
    public void Files_that_commands_name_are_there()
    {
        var paths = Commands().SelectMany(Tokens).Where(token => OfRepository().IsMatch(token)).Distinct().ToArray();

        Assert.Contains("component/container/publish.sh", paths);
        Assert.All(paths.Except(Made), path => Assert.True(Path.Exists(Repository.PathOf(path)), path));
    }

    [Fact]
    public void Commands_of_darq_are_understood()
    {
        var commands = Documents
            .SelectMany(path => InLine().Matches(SourceTree.File(path).Text).Select(match => match.Groups[1].Value))
            .Concat(Commands().Where(command => command.StartsWith(".tools/released/darq", StringComparison.Ordinal)))
            .Select(command => Tokens(command).Skip(1).ToArray())
            .ToArray();

        Assert.Contains(commands, command => command.Contains("doctor"));
        Assert.Contains(commands, command => command.Contains("health"));
        Assert.All(
            commands,
            command => Assert.Empty(CommandLine.Create(() => Task.FromResult(0), TimeProvider.System).Parse(command).Errors)
        );
    }

    [Fact]
    public void The_version_that_is_shown_is_the_one_of_the_build()
    {
        using var output = new StringWriter();
        CommandLine
            .Create(() => Task.FromResult(0), TimeProvider.System)
            .Parse(["--version"])
            .Invoke(new System.CommandLine.InvocationConfiguration { Output = output });

        Assert.Contains($"\n{output.ToString().Trim()}\n", SourceTree.File("docs/install.md").Text, StringComparison.Ordinal);
    }

    /// <summary>The lines of code blocks that are commands, without what they print.</summary>
    private static IEnumerable<string> Commands() =>
        Documents
            .SelectMany(path => Block().Matches(SourceTree.File(path).Text))
            .SelectMany(block => block.Groups[1].Value.Split('\n'))
            .Where(line => !line.StartsWith('…'));

    private static string[] Tokens(string command) =>
        Comment().Replace(command, "").Split(' ', StringSplitOptions.RemoveEmptyEntries);

    [GeneratedRegex("```\n([^`]*)\n```")]
    private static partial Regex Block();

    [GeneratedRegex(@"`(darq [^`]+)`")]
    private static partial Regex InLine();

    [GeneratedRegex(@"\s+#.*$")]
    private static partial Regex Comment();

    [GeneratedRegex(@"^(\.tools|component|components-yaml|examples|tests)/")]
    private static partial Regex OfRepository();
}
