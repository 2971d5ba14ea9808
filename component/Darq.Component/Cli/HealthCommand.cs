using System.CommandLine;
using Darq.Component.Admin;
using Darq.Component.Cli.Health;

namespace Darq.Component.Cli;

/// <summary>
/// <c>darq health</c>: asks a running component how it is, in one line and an exit code. An image without a shell has no other program
/// for its health check.
/// </summary>
internal static class HealthCommand
{
    private const string Description = """
        Asks the admin endpoint of a running component whether it is alive, or with --ready whether it does its work. Prints one line.

        Exit codes: 0 yes, 1 no, 2 wrong options or nobody to ask.
        """;

    public static Command Create(TimeProvider time)
    {
        var command = new Command("health", Description);
        var ready = new Option<bool>("--ready")
        {
            Description = "Asks /readyz: whether Redis and all streams are there. Without it /healthz: whether a restart would help.",
        };
        var admin = new Option<string?>(AdminTarget.Option)
        {
            Description = $"Where the admin endpoint is. Else from {AdminOptions.Variable}. [default: {AdminOptions.Standard}]",
            HelpName = "ADDRESS:PORT",
        };
        command.Add(ready);
        command.Add(admin);
        command.SetAction(
            async (given, cancellation) =>
            {
                var question = given.GetValue(ready) ? HealthQuestion.Ready : HealthQuestion.Alive;
                var target = AdminTarget.Read(given.GetValue(admin), Environment.GetEnvironmentVariable);
                var verdict = target.Address is { } address
                    ? await new AdminProbe(time).AskAsync(question, address, cancellation)
                    : HealthVerdict.Unknown(target.Error);
                var console = given.InvocationConfiguration;
                await (verdict.Code == ExitCode.Usage ? console.Error : console.Output).WriteLineAsync(verdict.Line);
                return verdict.Code;
            }
        );
        return command;
    }
}
