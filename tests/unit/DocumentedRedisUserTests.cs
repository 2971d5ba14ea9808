using System.Text.RegularExpressions;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Unit;

/// <summary>SECURITY.md shows the Redis user with the least privileges; the function library must not outgrow it.</summary>
public sealed partial class DocumentedRedisUserTests
{
    [Fact]
    public void Documented_user_may_call_exactly_what_the_functions_call()
    {
        var scripts = Directory
            .EnumerateFiles(Repository.PathOf("component"), "*.lua", SearchOption.AllDirectories)
            .Where(path => !path.Contains("/bin/", StringComparison.Ordinal) && !path.Contains("/obj/", StringComparison.Ordinal));
        var called = scripts
            .SelectMany(path => Call().Matches(File.ReadAllText(path)))
            .Select(match => match.Groups[1].Value.ToLowerInvariant());
        var user = User().Match(File.ReadAllText(Repository.PathOf("SECURITY.md"))).Value;
        var granted = Granted().Matches(user).Select(match => match.Groups[1].Value).ToHashSet();
        string[] outsideFunctions =
        [
            "fcall",
            "fcall_ro",
            "xrange",
            "multi",
            "exec",
            "subscribe",
            "unsubscribe",
            "ssubscribe",
            "sunsubscribe",
            "ping",
            "echo",
            "select",
            "wait",
            "bgrewriteaof",
        ];

        // Of CLUSTER only INFO is called, which the user may.
        Assert.Contains("+cluster|info", user, StringComparison.Ordinal);
        var wanted = called.Concat(outsideFunctions).Where(command => command != "cluster").ToHashSet();

        // The names in a failure are the commands to add to, or to take from, the user in SECURITY.md.
        Assert.Empty(wanted.Except(granted));
        Assert.Empty(granted.Except(wanted));
    }

    [GeneratedRegex(@"redis\.p?call\(\s*['""](\w+)['""]")]
    private static partial Regex Call();

    /// <summary>The component's own user; the one at the sentinels calls no function.</summary>
    [GeneratedRegex("```\nuser darq [^`]*```")]
    private static partial Regex User();

    /// <summary>Whole commands; sub-commands such as <c>+function|load</c> are never called by a function.</summary>
    [GeneratedRegex(@"\+([a-z_]+)(?=[\s])")]
    private static partial Regex Granted();
}
