using Darq.Component.Cli.Data;
using Darq.Component.Cli.Findings;
using Darq.Component.Cli.Output;
using Darq.Component.Cli.Reading;
using Darq.Component.Cli.Repairs;
using Darq.Engine.Core;
using Darq.Engine.Redis;
using Xunit;

namespace Darq.Tests.Unit.Cli;

/// <summary>The order of looking and repairing, and when running components are told.</summary>
public sealed class RepairRunTests : IAsyncDisposable
{
    private readonly StubCommands _redis = new();
    private readonly List<string> _audit = [];

    public ValueTask DisposeAsync() => _redis.DisposeAsync();

    [Fact]
    public async Task Sound_namespace_is_looked_at_once_and_not_written_to()
    {
        var looks = await RunAsync([
            [],
        ]);

        Assert.Equal(1, looks);
        Assert.Empty(_redis.Changes);
        Assert.Empty(_audit);
    }

    [Fact]
    public async Task What_a_repair_uncovers_is_repaired_too_and_owners_are_told_at_last()
    {
        var looks = await RunAsync([
            [Finding("a")],
            [Finding("b")],
            [],
        ]);

        Assert.Equal(3, looks);
        Assert.Equal(["a", "b", "boot", "boot"], _redis.Changes);
        Assert.Equal(["Done a", "Done b", "Done components look at their lanes anew"], _audit);
    }

    [Fact]
    public async Task Findings_of_one_cause_are_repaired_once()
    {
        var repair = Finding("a").Repair;

        await RunAsync([
            [Finding("a") with { Repair = repair }, Finding("a") with { Repair = repair }],
            [],
        ]);

        Assert.Equal(["a", "boot", "boot"], _redis.Changes);
    }

    [Fact]
    public async Task Repair_that_rests_on_what_has_changed_is_planned_anew()
    {
        _redis.Answers.Enqueue(false);

        var looks = await RunAsync([
            [Finding("a")],
            [Finding("a")],
            [],
        ]);

        Assert.Equal(3, looks);
        Assert.Equal(["Changed a", "Done a", "Done components look at their lanes anew"], _audit);
    }

    [Fact]
    public async Task Refused_repair_is_not_tried_again_and_owners_are_not_told_while_damage_is_left()
    {
        _redis.Refuses = true;

        var looks = await RunAsync([
            [Finding("a")],
            [Finding("a")],
        ]);

        Assert.Equal(2, looks);
        Assert.Equal(["Refused a"], _audit);
    }

    [Fact]
    public async Task Owners_are_not_told_while_damage_is_left_that_would_stop_them()
    {
        await RunAsync([
            [Finding("a"), Finding("b") with { Repair = null }],
            [Finding("b") with { Repair = null }],
        ]);

        Assert.Equal(["a"], _redis.Changes);
    }

    [Fact]
    public async Task Owners_are_not_told_of_what_they_do_not_hold()
    {
        var finding = Finding("a");

        await RunAsync([
            [finding with { Repair = finding.Repair! with { ConcernsOwners = false } }],
            [],
        ]);

        Assert.Equal(["a"], _redis.Changes);
    }

    [Fact]
    public async Task Damage_that_comes_again_and_again_ends_the_run()
    {
        var looks = await RunAsync(Enumerable.Repeat<Finding[]>([Finding("a")], 50));

        Assert.Equal(10, looks);
    }

    private static Finding Finding(string name) =>
        new(Severity.Error, "lane", name)
        {
            Key = "k",
            Means = "",
            Do = "",
            Repair = new(
                name,
                "k",
                new(
                    ["k"],
                    [],
                    [
                        ["HSET", "k", name, "x"],
                    ]
                )
            )
            {
                ConcernsOwners = true,
            },
        };

    /// <summary>Runs against looks that find these, one after another; how many were taken.</summary>
    private async Task<int> RunAsync(IEnumerable<Finding[]> found)
    {
        var looks = 0;
        var left = new Queue<Finding[]>(found);
        var run = new RepairRun(
            _redis,
            () => Task.FromResult(Look(left.Dequeue(), ++looks)),
            (outcome, _, repair) => _audit.Add($"{outcome} {repair.What}")
        );
        await run.RunAsync(TestContext.Current.CancellationToken);
        return looks;
    }

    private static Report Look(Finding[] found, int number)
    {
        var findings = new FindingList();
        findings.AddRange(found);
        var facts = new ServerFacts { Info = ServerDescriptions.Fields(""), Server = ServerDescriptions.Parse("") };
        return new("redis:6379", "n", facts, 2, number, findings, new NamespaceScope("n", new(2, "2", "me"), 2, number, findings));
    }

    /// <summary>Notes the field that each change writes.</summary>
    private sealed class StubCommands : IRedisCommands
    {
        public List<string> Changes { get; } = [];

        public Queue<bool> Answers { get; } = new();

        public bool Refuses { get; set; }

        public string Address => "redis:6379";

        public Task<bool> ChangeAsync(GuardedChange change, CancellationToken cancellation)
        {
            if (Refuses)
            {
                return Task.FromException<bool>(new RedisRefusedException("NOPERM", "NOPERM no"));
            }

            Changes.Add(change.Commands[0][2]);
            return Task.FromResult(!Answers.TryDequeue(out var answer) || answer);
        }

        public Task<string> ConnectAsync(CancellationToken cancellation) => throw new NotSupportedException();

        public Task<IReadOnlyList<CommandReply>> ExecuteAsync(IReadOnlyList<RedisCommand> commands, CancellationToken cancellation) =>
            throw new NotSupportedException();

        public Task<IReadOnlyList<CommandReply>> SnapshotAsync(IReadOnlyList<RedisCommand> commands, CancellationToken cancellation) =>
            throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
