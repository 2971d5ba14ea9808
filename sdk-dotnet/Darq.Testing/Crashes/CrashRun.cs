using System.Text;
using System.Text.Json;
using Darq.Engine.State;
using Darq.Testing.Calls;
using Darq.Testing.Hosting;
using Darq.Testing.Messages;
using Darq.Testing.Server;

namespace Darq.Testing.Crashes;

/// <summary>One run of a scenario: its moments, and a line for each fact that came of it.</summary>
internal sealed record CrashRun(int Seed, IReadOnlyList<Moment> Moments, IReadOnlyList<string> Lines)
{
    /// <summary>What handlers answered to messages that became dead letters; empty where none did.</summary>
    public required IReadOnlyList<string> Failures { get; init; }

    /// <summary>The facts that only one of the runs has.</summary>
    public static string Difference(CrashRun calm, CrashRun crashed)
    {
        var text = new StringBuilder();
        Show(text, "Only without the crash:", Without(calm.Lines, crashed.Lines));
        Show(text, "Only with the crash:", Without(crashed.Lines, calm.Lines));
        return text.ToString().TrimEnd();
    }

    // A fact may come several times.
    private static List<string> Without(IReadOnlyList<string> lines, IEnumerable<string> others)
    {
        var left = lines.ToList();
        foreach (var other in others)
        {
            left.Remove(other);
        }

        return left;
    }

    private static void Show(StringBuilder text, string title, List<string> lines)
    {
        if (lines.Count > 0)
        {
            text.AppendLine(title);
            lines.ForEach(line => text.Append("  ").AppendLine(line));
        }
    }
}

/// <summary>Runs a scenario, each time in a new host.</summary>
internal sealed class CrashRuns(
    Func<DarqTestHost, Task> scenario,
    Func<DarqTestHost, object?>? observe,
    Func<string, bool> isIgnored,
    Func<Task<DarqTestHost>> start
)
{
    public async Task<CrashRun> RunAsync(int? crashAt)
    {
        var host = await start().ConfigureAwait(false);
        await using (host.ConfigureAwait(false))
        {
            var world = host.World;
            world.Thread.Ask(() => world.Crashes.CrashAt = crashAt);
            await scenario(host).ConfigureAwait(false);
            await host.UntilIdle().ConfigureAwait(false);
            var lines = world.Thread.Ask(() => LinesOf(world));
            if (observe is not null)
            {
                lines.Add("observed: " + JsonSerializer.Serialize(observe(host), world.Options.JsonSerializerOptions));
            }

            return new(world.Options.Seed, world.Thread.Ask(() => world.Crashes.Moments.ToArray()), lines)
            {
                Failures = world.Thread.Ask(() => FailuresOf(world)),
            };
        }
    }

    /// <summary>The last failure of each topic that has dead letters.</summary>
    private static List<string> FailuresOf(World world) =>
        [
            .. world
                .Subscriptions.Where(subscription => subscription.DeadLetterTopics.Any(topic => world.Appended.Of(topic).Any()))
                .Select(subscription => $"{world.Dispatcher.Log.LastOrDefault(delivery => delivery.Topic == subscription.Topic)}"),
        ];

    private List<string> LinesOf(World world)
    {
        var state = world.Server.KeyNames.ToArray().SelectMany(name => StateOf(world.Server, name)).Order(StringComparer.Ordinal);
        var messages = world
            .Appended.ByTopic()
            .SelectMany(topic => topic.Select(message => $"message of topic '{topic.Key}': {AppendedMessages.Contents(message)}"))
            .Order(StringComparer.Ordinal);
        return [.. state, .. messages];
    }

    private IEnumerable<string> StateOf(FakeServer server, string name)
    {
        const string Kind = "}:s:" + StateItems.Prefix;
        var at = name.IndexOf(Kind, StringComparison.Ordinal);
        if (at < 0)
        {
            yield break;
        }

        var key = Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(name[(at + Kind.Length)..]));
        if (
            !key.StartsWith(DaprCall.ProbeKey, StringComparison.Ordinal)
            && !isIgnored(key)
            && server.Execute(["GET", name])[0] is Reply.Bulk { Text: { } text }
            && StoredValue.TryParse(Encoding.Latin1.GetBytes(text), out var value)
        )
        {
            yield return $"state '{key}': {Encoding.UTF8.GetString(value.Data.Span)}";
        }
    }
}
