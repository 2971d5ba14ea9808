using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Darq.Component.Cli.Checks;
using Darq.Component.Cli.Options;
using Darq.Component.Cli.Output;
using Darq.Component.Cli.Reading;
using Darq.Component.Cli.Repairs;
using Darq.Component.Configuration;

namespace Darq.Component.Cli;

/// <summary><c>darq repair</c>: shows how the damage in a namespace would be repaired, and does it with <c>--apply</c>.</summary>
internal static class RepairCommand
{
    private const string Description = """
        Repairs what doctor finds damaged in the data of a namespace. Without --apply it only shows what it would do.

        Nothing is deleted that holds data: what is in the way is moved aside. Where it is in doubt a message is delivered again. Components
        may be running: each repair is made only if what it rests on is as it was shown. Each is one line on the error output.

        Exit codes: 0 nothing is damaged any more, 1 damage is left or was only shown, 2 wrong options or Redis not reachable.
        """;

    public static Command Create(TimeProvider time)
    {
        var command = new Command("repair", Description);
        var apply = new Option<bool>("--apply") { Description = "Makes the repairs." };
        command.Add(apply);
        var replaces = new Option<string?>("--replaces")
        {
            Description =
                "The identity of data that these replace, as the error of a component names it: those that worked with them go on.",
            HelpName = "IDENTITY",
        };
        replaces.Validators.Add(result =>
            Check(
                result,
                ReplacedDataCheck.IsIdentity,
                "no identity; give the one that the component worked with, 32 digits of 0-9 and a-f"
            )
        );
        command.Add(replaces);
        var acceptsLoss = new Option<string?>("--accepts-loss")
        {
            Description =
                "The world-line of which Redis lost what it had confirmed, as the error of a component names it: components that hold "
                + "answers and deliveries since go on.",
            HelpName = "WORLD-LINE",
        };
        acceptsLoss.Validators.Add(result =>
            Check(result, BrokenPromiseCheck.IsWorldLine, "no world-line; give the number that the error of a component names")
        );
        command.Add(acceptsLoss);
        var arguments = new ToolArguments(command);
        command.SetAction(
            (given, cancellation) =>
                arguments.RunAsync(
                    given,
                    time,
                    async (redis, target, writer, progress) =>
                    {
                        Task<Report> LookAsync() =>
                            new Diagnosis(redis, target, progress)
                            {
                                Replaced = given.GetValue(replaces),
                                AcceptedLoss = given.GetValue(acceptsLoss),
                            }.RunAsync(null, cancellation);
                        var applied = given.GetValue(apply);
                        var run = new RepairRun(
                            redis,
                            LookAsync,
                            (outcome, why, repair) => Audit(progress, time, Texts.Of(outcome, why), repair)
                        );
                        var (report, steps) = applied ? await run.RunAsync(cancellation) : await PlanAsync(LookAsync);
                        progress.Dispose();
                        writer.Write(report, steps, applied);
                        // Where the look had to end early, what it did not see may be damaged.
                        var isUnknown = report.Scope is null && report.Findings.Errors > 0;
                        return report.Findings.Damage > 0 || isUnknown ? ExitCode.Damage : ExitCode.Fine;
                    }
                )
        );
        return command;
    }

    private static void Check(OptionResult result, Func<string, bool> isValid, string accepted)
    {
        if (result.GetValueOrDefault<string?>() is { } text && !isValid(text))
        {
            result.AddError($"{result.Option.Name}: {SettingValues.Show(text)} is {accepted}");
        }
    }

    private static async Task<(Report, IReadOnlyList<RepairStep>)> PlanAsync(Func<Task<Report>> look)
    {
        var report = await look();
        return (report, RepairRun.Planned(report));
    }

    private static void Audit(Progress progress, TimeProvider time, string outcome, Repair repair)
    {
        progress.Dispose();
        var now = time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        Console.Error.WriteLine(SafeText.Of($"{now} {outcome} {repair.Key}: {repair.What}"));
    }
}
