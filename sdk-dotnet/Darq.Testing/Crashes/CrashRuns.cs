using System.Text;
using System.Text.Json;
using Darq.Engine.State;
using Darq.Testing.Calls;
using Darq.Testing.Hosting;
using Darq.Testing.Server;

namespace Darq.Testing.Crashes;

/// <summary>Runs a scenario, each time in a new host.</summary>
internal sealed class CrashRuns(
    Func<DarqTestHost, Task> scenario,
    Func<DarqTestHost, object?>? observe,
    Ignored ignored,
    TimeSpan? within,
    bool failedCalls,
    Func<CancellationToken, Task<DarqTestHost>> start
)
{
    /// <summary>A run that crashes at the point of a name; null for a calm one.</summary>
    public async Task<CrashRun> RunAsync(string? crashAt, CancellationToken cancellationToken)
    {
        var host = await start(cancellationToken).ConfigureAwait(false);
        await using (host.ConfigureAwait(false))
        {
            var world = host.World;
            world.Thread.Ask(() =>
            {
                var begin = world.Thread.Now;
                // Otherwise the time until another process takes over would let values expire.
                world.Server.TimeOfValues = () => begin + world.Thread.Advanced;
                world.Crashes.TriesFailedCalls = failedCalls;
                return world.Crashes.CrashAt = crashAt;
            });
            await scenario(host).WaitAsync(cancellationToken).ConfigureAwait(false);
            await host.UntilIdle(within, cancellationToken).ConfigureAwait(false);
            var lines = world.Thread.Ask(() => LinesOf(world));
            if (observe is not null)
            {
                lines.Add("observed: " + JsonSerializer.Serialize(observe(host), world.Options.JsonSerializerOptions));
            }

            var points = world.Thread.Ask(() => world.Crashes.Moments.DistinctBy(moment => moment.Name).ToArray());
            return new(world.Options.Seed, points, lines)
            {
                HasCrashed = crashAt is not null && world.Thread.Ask(() => world.Crashes.CrashAt is null),
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
            .Where(topic => !ignored.HasTopic(topic.Key))
            .SelectMany(topic => topic.Select(message => $"message of topic '{topic.Key}': {message.Contents()}"))
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
            && !ignored.HasKey(key)
            && server.Execute(["GET", name])[0] is Reply.Bulk { Text: { } text }
            && StoredValue.TryParse(Encoding.Latin1.GetBytes(text), out var value)
        )
        {
            yield return $"state '{key}': {Encoding.UTF8.GetString(value.Data.Span)}";
        }
    }
}

/// <summary>What is not compared.</summary>
internal sealed record Ignored(Func<string, bool>? Keys, Func<string, bool>? Topics)
{
    public bool HasKey(string key) => Keys?.Invoke(key) == true;

    public bool HasTopic(string topic) => Topics?.Invoke(topic) == true;
}
