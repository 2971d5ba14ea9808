using System.Globalization;
using System.Text.RegularExpressions;
using Darq.Engine.Core;
using Darq.Engine.State;
using Darq.Tests.Integration.Engine;
using Xunit;
using static Darq.Tests.Integration.Library.LibraryRun;

namespace Darq.Tests.Integration.Library;

/// <summary>How many commands Redis executes for one batch, by its own count; they are most of what a batch costs.</summary>
public sealed partial class CommandCountTests(LibraryServer server) : IClassFixture<LibraryServer>
{
    private const int Rounds = 4;

    private long _number;

    // Nothing else is pending, so that the step also trims the stream; and somebody waits for what it emits, whom it wakes.
    [Fact]
    public async Task A_hop_inside_one_partition_takes_at_most_12_commands()
    {
        await using var run = await StartAsync();
        var fencingToken = (await run.ClaimAsync("claim", "s1"))[0].Split(' ')[1];
        var worldLine = fencingToken.Split('.')[0];

        await AssertAtMostAsync(
            12,
            async seq =>
            {
                object[] step = Step(
                    "",
                    [
                        [1, "g", "t", fencingToken, worldLine, seq, $"m{seq}"],
                    ],
                    [Operation("u", "k")],
                    [Append("out")]
                );
                await SendAsync(run, Publish(Append()));
                await run.CallAsync("tails", run.Key(0, "m"), [0, "s2", "out", .. run.List(1), seq - 1]);
                return () => SendAsync(run, step);
            }
        );
    }

    [Fact]
    public async Task A_transaction_of_one_key_takes_at_most_8_commands()
    {
        await using var run = await StartAsync();
        await SendAsync(run, Step("", operations: [Operation("u", "k")]));

        await AssertAtMostAsync(
            8,
            async _ =>
            {
                object[] step = Step("", operations: [Operation("u", "k", guard: await run.ETagAsync("k"))]);
                return () => SendAsync(run, step);
            }
        );
    }

    // With the engine's own list of fields.
    [Fact]
    public async Task A_transaction_of_one_key_through_the_engine_takes_no_more()
    {
        await using var run = await EngineRun.StartAsync(server.Redis.Port, new NamespaceOptions { Name = "counted" });
        StateOperation[] operations = [new(StateChange.Upsert, new("k")) { Value = "v"u8.ToArray() }];

        await AssertAtMostAsync(
            8,
            _ => Task.FromResult<Func<Task>>(async () => await run.StepExecutor.TransactAsync(operations, EngineRun.NoMetadata, default))
        );
    }

    private async Task<LibraryRun> StartAsync()
    {
        var run = await server.RunAsync();
        run.Places = 1;
        await run.OpenAsync();
        return run;
    }

    /// <summary>Of some in a row the cheapest: the first opens buckets, and a command of a connection's own may fall into one.</summary>
    private async Task AssertAtMostAsync(int most, Func<long, Task<Func<Task>>> prepare)
    {
        var counts = new List<(long Sum, string Calls)>();
        for (var seq = 1; seq <= Rounds; seq++)
        {
            var send = await prepare(seq);
            var before = await CallsAsync();
            await send();
            var calls = (await CallsAsync())
                .Select(now => (Name: now.Key, Count: now.Value - before.GetValueOrDefault(now.Key)))
                .Where(call => call.Count > 0)
                .ToArray();
            // One INFO is the measurement's own.
            counts.Add((calls.Sum(call => call.Count) - 1, string.Join(' ', calls.Select(call => $"{call.Name}:{call.Count}"))));
        }

        var (least, which) = counts.Min();
        Assert.True(least <= most, $"{least} commands, where {most} are enough: {which}");
    }

    private async Task SendAsync(LibraryRun run, object[] request) =>
        Assert.StartsWith("OK ", (await run.BatchAsync("s1", ++_number, request))[1], StringComparison.Ordinal);

    private async Task<Dictionary<string, long>> CallsAsync() =>
        Calls()
            .Matches(await server.Redis.CliAsync("INFO", "commandstats"))
            .ToDictionary(match => match.Groups[1].Value, match => long.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture));

    [GeneratedRegex(@"cmdstat_(\S+?):calls=(\d+)")]
    private static partial Regex Calls();
}
