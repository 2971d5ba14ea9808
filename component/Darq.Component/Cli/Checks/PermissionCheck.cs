using Darq.Component.Cli.Data;
using Darq.Component.Cli.Findings;

namespace Darq.Component.Cli.Checks;

/// <summary>What the component's Redis user, and the login of the doctor itself, may not do.</summary>
internal static class PermissionCheck
{
    /// <param name="user">The user that the component logs in as.</param>
    /// <param name="refused">The needed commands that are refused to it; null where that could not be asked.</param>
    public static IEnumerable<Finding> Judge(string user, IReadOnlyList<string>? refused)
    {
        if (refused is null)
        {
            yield return new(Severity.Note, "permissions", $"What the Redis user '{user}' may do could not be asked for.")
            {
                Means = "Whether the component may do all that it has to was not checked.",
                Do = "Log in here as a user with +acl|dryrun and +acl|whoami, and give --component-user NAME",
            };
            yield break;
        }

        var missing = refused.Except(NeededCommands.Optional).Except([NeededCommands.Rewrite]).ToArray();
        if (missing.Length > 0)
        {
            yield return new(Severity.Error, "permissions", $"The Redis user '{user}' may not: {string.Join(", ", missing)}.")
            {
                Means = "A component that logs in as this user is refused at Init, or later at the first call that needs them.",
                Do = $"ACL SETUSER {user} with the rules of SECURITY.md (\"The Redis user it needs\")",
            };
        }

        var optional = refused.Intersect(NeededCommands.Optional).ToArray();
        if (optional.Length > 0)
        {
            yield return new(Severity.Note, "permissions", $"The Redis user '{user}' may not: {string.Join(", ", optional)}.")
            {
                Means = "Nothing tells how durable an answer is: durability auto promises less, and other levels are refused.",
                Do = $"Nothing, or ACL SETUSER {user} {string.Join(' ', optional.Select(command => "+" + command.Replace(' ', '|')))}",
            };
        }

        if (refused.Contains(NeededCommands.Rewrite))
        {
            yield return new(Severity.Note, "permissions", $"The Redis user '{user}' may not: {NeededCommands.Rewrite}.")
            {
                Means = "Where a crash tears the append-only file inside a call, the start after the next executes half of it.",
                Do = $"ACL SETUSER {user} +{NeededCommands.Rewrite}, or run BGREWRITEAOF right after each start on older data",
            };
        }
    }

    /// <summary>What the doctor asked for and was not allowed to.</summary>
    public static IEnumerable<Finding> OfDoctor(ServerFacts facts) =>
        facts.Errors.Select(error => new Finding(
            // Without settings a few checks know less; any other command is one that a check stands on.
            error.Command.StartsWith("CONFIG", StringComparison.Ordinal)
                ? Severity.Note
                : Severity.Error,
            "doctor",
            $"{error.Command} was refused: {error.Error}."
        )
        {
            Means = "The checks that need it were left out.",
            Do = "Log in as a user with the rules of SECURITY.md (\"The Redis users of an operator\")",
        });
}
