using System.CommandLine;
using System.CommandLine.Invocation;
using System.Reflection;
using Darq.Engine.Redis;

namespace Darq.Component.Cli;

/// <summary>The command line of the component's binary: what <c>darq --help</c> shows, and which command runs.</summary>
internal static class CommandLine
{
    /// <summary>The command that runs the component, which also runs where no argument is given.</summary>
    public const string Serve = "serve";

    private const string Description = """
        The Dapr component darq: pubsub.darq, state.darq and bindings.darq over Redis.

        Without a command it serves Dapr on its socket. doctor and repair look into Redis directly; no component need be running,
        and none is disturbed. health asks a running component how it is.
        """;

    /// <summary>Runs a command; <paramref name="serve"/> is the component itself. Returns a code of <see cref="ExitCode"/>.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, Func<Task<int>> serve)
    {
        var result = Create(serve, TimeProvider.System).Parse(arguments);
        if (result.Errors.Count == 0)
        {
            return await result.InvokeAsync();
        }

        foreach (var error in result.Errors)
        {
            await Console.Error.WriteLineAsync($"darq: {error.Message}");
        }

        await Console.Error.WriteLineAsync($"Try: {HelpOf(result)}");
        return ExitCode.Usage;
    }

    internal static RootCommand Create(Func<Task<int>> serve, TimeProvider time)
    {
        var root = new RootCommand(Description);
        root.Options.OfType<VersionOption>().Single().Action = new VersionAction();
        var serving = new Command(
            Serve,
            "Runs the component, as without a command. It is configured by the sidecar and by environment variables."
        );
        serving.SetAction((_, _) => serve());
        root.SetAction((_, _) => serve());
        root.Add(serving);
        root.Add(DoctorCommand.Create(time));
        root.Add(RepairCommand.Create(time));
        root.Add(HealthCommand.Create(time));
        return root;
    }

    private static string HelpOf(ParseResult result) =>
        result.CommandResult.Command is RootCommand ? "darq --help" : $"darq {result.CommandResult.Command.Name} --help";

    private sealed class VersionAction : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            var version = typeof(CommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
            parseResult.InvocationConfiguration.Output.WriteLine(
                $"darq {version.Split('+')[0]} (function library {FunctionLibrary.Version}, build {FunctionLibrary.Build})"
            );
            return ExitCode.Fine;
        }
    }
}
