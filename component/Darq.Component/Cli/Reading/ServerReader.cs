using System.Globalization;
using Darq.Component.Cli.Checks;
using Darq.Component.Cli.Data;
using Darq.Engine.Redis;

namespace Darq.Component.Cli.Reading;

/// <summary>Asks a server for what the checks of the server look at. Writes nothing.</summary>
internal sealed class ServerReader(IRedisCommands redis)
{
    private static readonly string[] Settings = ["aof-load-truncated", "appendfsync", "save", "min-replicas-to-write"];

    private readonly List<(string Command, string Error)> _errors = [];

    /// <param name="info">The text of INFO.</param>
    /// <param name="database">The number of the database.</param>
    /// <param name="cancellation">Ends the reading.</param>
    public async Task<ServerFacts> ReadAsync(string info, int database, CancellationToken cancellation)
    {
        var fields = ServerDescriptions.Fields(info);
        var server = ServerDescriptions.Parse(info);
        var answers = await redis.ExecuteAsync(
            [
                new("TIME"),
                new("CONFIG", ["GET", .. Settings]),
                new("FCALL_RO", FunctionLibrary.Function("build"), "0"),
                .. server.ClusterEnabled ? [new RedisCommand("CLUSTER", "INFO")] : (RedisCommand[])[],
            ],
            cancellation
        );
        var time = answers[0].Items;
        return new()
        {
            Info = fields,
            Server = server,
            Database = database,
            NowMs = time is [var seconds, var micros]
                ? long.Parse(seconds.ToString(), CultureInfo.InvariantCulture) * 1000
                    + long.Parse(micros.ToString(), CultureInfo.InvariantCulture) / 1000
                : 0,
            Config = IsGiven("CONFIG GET", answers[1]) ? Pairs(answers[1].Items) : null,
            LibraryBuild = Build(answers[2]),
            Cluster = server.ClusterEnabled && IsGiven("CLUSTER INFO", answers[3]) ? ServerDescriptions.Fields(answers[3].Text) : null,
            Errors = _errors,
        };
    }

    /// <summary>The needed commands that a user may not give; null where the server does not say.</summary>
    public async Task<(string User, IReadOnlyList<string>? Refused)> PermissionsAsync(
        string? user,
        string key,
        CancellationToken cancellation
    )
    {
        if (user is null)
        {
            var who = (await redis.ExecuteAsync([new("ACL", "WHOAMI")], cancellation))[0];
            if (who.Error is not null)
            {
                return ("of this login", null);
            }

            user = who.Text;
        }

        var needed = NeededCommands.On(key);
        var answers = await redis.ExecuteAsync(
            [.. needed.Select(words => new RedisCommand("ACL", ["DRYRUN", user, .. words]))],
            cancellation
        );
        // A user that does not exist is an error as well; the text says so.
        return answers.Any(answer => answer.Error is not null)
            ? (user, null)
            : (user, [.. needed.Where((_, i) => answers[i].Text != "OK").Select(NeededCommands.NameOf)]);
    }

    public static Dictionary<string, string> Pairs(IReadOnlyList<RedisReply> items) =>
        items
            .Chunk(2)
            .Where(pair => pair.Length == 2)
            .ToDictionary(pair => CommandReply.TextOf(pair[0]), pair => CommandReply.TextOf(pair[1]), StringComparer.Ordinal);

    private bool IsGiven(string command, CommandReply answer)
    {
        if (answer.Error is not null)
        {
            _errors.Add((command, answer.Error));
        }

        return answer.Error is null;
    }

    private int? Build(CommandReply answer)
    {
        if (answer.Error is { } error)
        {
            // The library is not there; anything else is an error.
            if (!error.Contains("Function not found", StringComparison.Ordinal))
            {
                _errors.Add(("FCALL_RO", error));
            }

            return null;
        }

        return int.TryParse(answer.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var build) ? build : null;
    }
}
