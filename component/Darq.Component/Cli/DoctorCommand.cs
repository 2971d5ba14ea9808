using System.CommandLine;
using Darq.Component.Cli.Options;
using Darq.Component.Cli.Reading;

namespace Darq.Component.Cli;

/// <summary><c>darq doctor</c>: looks at a Redis and a namespace, and says what is wrong and what to do. Writes nothing.</summary>
internal static class DoctorCommand
{
    private const string Description = """
        Looks at a Redis and at the data of a namespace; says what is wrong, what it means and what to do. Writes nothing.

        Exit codes: 0 no errors, 1 errors found, 2 wrong options or Redis not reachable.
        """;

    public static Command Create(TimeProvider time)
    {
        var command = new Command("doctor", Description);
        var arguments = new ToolArguments(command);
        var user = new Option<string?>("--component-user")
        {
            Description = "The Redis user that the component logs in as, whose permissions are checked; else that of this login.",
            HelpName = "NAME",
        };
        command.Add(user);
        command.SetAction(
            (given, cancellation) =>
                arguments.RunAsync(
                    given,
                    time,
                    async (redis, target, writer, progress) =>
                    {
                        var report = await new Diagnosis(redis, target, progress).RunAsync(given.GetValue(user), cancellation);
                        progress.Dispose();
                        writer.Write(report);
                        return report.Findings.Errors > 0 ? ExitCode.Damage : ExitCode.Fine;
                    }
                )
        );
        return command;
    }
}
