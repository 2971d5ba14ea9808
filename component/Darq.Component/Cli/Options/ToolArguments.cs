using System.CommandLine;
using Darq.Component.Cli.Output;
using Darq.Engine.Core;
using Darq.Engine.Redis;

namespace Darq.Component.Cli.Options;

/// <summary>What doctor and repair have in common: their options, the connection, and what is said where there is none.</summary>
internal sealed class ToolArguments
{
    private readonly ConnectionArguments _connection;
    private readonly Option<string?> _output;

    public ToolArguments(Command command)
    {
        _connection = new(command);
        _output = new("--output")
        {
            Description = "The form of the report: plain lines or json. Without it, tables on a terminal and else plain lines.",
            HelpName = $"{ReportForms.Plain}|{ReportForms.Json}",
        };
        _output.AcceptOnlyFromAmong(ReportForms.Plain, ReportForms.Json);
        command.Add(_output);
    }

    /// <summary>Connects and runs the work; returns a code of <see cref="ExitCode"/>.</summary>
    public async Task<int> RunAsync(
        ParseResult given,
        TimeProvider time,
        Func<IRedisCommands, Target, IReportWriter, Progress, Task<int>> work
    )
    {
        var reading = _connection.Read(given, Environment.GetEnvironmentVariable, File.ReadAllText);
        if (reading.Target is not { } target)
        {
            foreach (var error in reading.Errors)
            {
                await Console.Error.WriteLineAsync($"darq: {error}");
            }

            return ExitCode.Usage;
        }

        await using var redis = new RedisConsole(target.Redis, time);
        using var progress = new Progress(Console.IsErrorRedirected ? null : Console.Error, time);
        try
        {
            return await work(redis, target, ReportForms.Choose(given.GetValue(_output)), progress);
        }
        catch (RedisUnavailableException fault)
        {
            await Console.Error.WriteLineAsync($"darq: {fault.Message}. Check --redis-host, and --enable-tls where the server speaks TLS.");
        }
        catch (RedisRefusedException refused)
        {
            await Console.Error.WriteLineAsync($"darq: {TextOf(refused)}");
        }

        return ExitCode.Usage;
    }

    private static string TextOf(RedisRefusedException refused) =>
        refused.Code switch
        {
            "WRONGPASS" => "Redis refused the user name or password; give --redis-username and --password-file of an ACL user, or "
                + "--password-file alone with the server's own (requirepass).",
            "NOAUTH" => "Redis asks for a password; give --password-file FILE or DARQ_REDIS_PASSWORD.",
            "NOPERM" => $"The Redis user may not even run INFO: {refused.Message}. Log in as a user with the rules of SECURITY.md "
                + "(\"The Redis users of an operator\").",
            "SENTINELAUTH" => "The sentinels refused the login; give --sentinel-username and --sentinel-password-file.",
            _ => $"Redis refused: {refused.Message}",
        };
}
