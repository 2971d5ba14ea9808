using System.Text.RegularExpressions;
using Darq.Component.Cli.Checks;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Unit.Cli;

/// <summary>The doctor asks for the permissions of the user in SECURITY.md.</summary>
public sealed partial class NeededCommandsTests
{
    [Fact]
    public void Doctor_asks_for_exactly_the_commands_of_the_documented_user()
    {
        var user = User().Match(File.ReadAllText(Repository.PathOf("SECURITY.md"))).Value;
        var documented = Granted().Matches(user).Select(match => match.Groups[1].Value.Replace('|', ' '));

        Assert.Contains("config get", documented);
        Assert.Equal(
            documented.Order(StringComparer.Ordinal),
            NeededCommands.On("k").Select(NeededCommands.NameOf).Order(StringComparer.Ordinal)
        );
    }

    [GeneratedRegex("```\nuser darq [^`]*```")]
    private static partial Regex User();

    [GeneratedRegex(@"\+([a-z_|]+)")]
    private static partial Regex Granted();
}
