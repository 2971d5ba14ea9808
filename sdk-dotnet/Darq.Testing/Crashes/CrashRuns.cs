using System.Text;
using System.Text.Json;
using Darq.Testing.Calls;
using Darq.Testing.Hosting;

namespace Darq.Testing.Crashes;

/// <summary>Runs a scenario, each time in a new host.</summary>
internal sealed class CrashRuns(
    Func<DarqTestHost, Task> scenario,
    Func<DarqTestHost, object?>? observe,
    Ignored ignored,
    TimeSpan? within,
    Tried tried,
    Func<CancellationToken, Task<DarqTestHost>> start
)
{
    /// <summary>A run without a crash.</summary>
    public Task<CrashRun> RunCalmlyAsync(CancellationToken cancellationToken) => RunAsync(null, null, cancellationToken);

    /// <summary>A run in which happens what the point of a name stands for.</summary>
    public Task<CrashRun> RunWithAsync(string point, CancellationToken cancellationToken) => RunAsync(point, null, cancellationToken);

    /// <summary>A run in which the other step of a point writes before the handler.</summary>
    public Task<CrashRun> RunAfterAsync(string point, CancellationToken cancellationToken) => RunAsync(null, point, cancellationToken);

    private async Task<CrashRun> RunAsync(string? crashAt, string? writesFirstAt, CancellationToken cancellationToken)
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
                world.Crashes.TriesFailedCalls = tried.FailedCalls;
                (world.Competing.Value, world.Competing.FirstAt) = (tried.Competing, writesFirstAt);
                return world.Crashes.CrashAt = crashAt;
            });
            await scenario(host).WaitAsync(cancellationToken).ConfigureAwait(false);
            await host.UntilIdle(within, cancellationToken).ConfigureAwait(false);
            if (world.Thread.Ask(() => world.Competing.FirstAt) is { } missed)
            {
                throw new DarqTestException($"The delivery of \"{missed}\" did not come, so that the scenario does not repeat.");
            }

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
        var state = StoredState
            .Keys(world.Server)
            .Where(stored => !stored.Key.StartsWith(DaprCall.ProbeKey, StringComparison.Ordinal) && !ignored.HasKey(stored.Key))
            .Select(stored => (stored.Key, Value: StoredState.ValueOf(world.Server, stored.Name)))
            .Where(stored => stored.Value is not null)
            .Select(stored => $"state '{stored.Key}': {Encoding.UTF8.GetString(stored.Value!.Value.Span)}")
            .Order(StringComparer.Ordinal);
        var messages = world
            .Appended.ByTopic()
            .Where(topic => !ignored.HasTopic(topic.Key))
            .SelectMany(topic => topic.Select(message => $"message of topic '{topic.Key}': {message.Contents()}"))
            .Order(StringComparer.Ordinal);
        return [.. state, .. messages];
    }
}

/// <summary>What is tried beside crashes: calls that fail, and what another step writes.</summary>
internal sealed record Tried(bool FailedCalls, Func<string, JsonElement, object?>? Competing);

/// <summary>What is not compared.</summary>
internal sealed record Ignored(Func<string, bool>? Keys, Func<string, bool>? Topics)
{
    public bool HasKey(string key) => Keys?.Invoke(key) == true;

    public bool HasTopic(string topic) => Topics?.Invoke(topic) == true;
}
