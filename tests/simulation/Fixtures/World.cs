using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Testing.Scheduling;
using Darq.Testing.Server;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Darq.Tests.Simulation.Fixtures;

/// <summary>A fake Redis with the real function library in virtual time and calm weather, for tests that script what goes wrong.</summary>
internal sealed class World : IDisposable
{
    private readonly Random _random;
    private int _processes;

    /// <param name="seed">Decides what is left to chance, such as the names of sessions.</param>
    public World(int seed = 1)
    {
        _random = new(seed);
        Loop = new Loop(_random);
        Server = new FakeServer(() => Loop.Now + RedisAhead, _random);
    }

    public Loop Loop { get; }

    public FakeServer Server { get; }

    /// <summary>How far the clock of Redis is ahead.</summary>
    public TimeSpan RedisAhead { get; set; }

    /// <summary>One partition, so that what lies together in it is no matter of chance.</summary>
    public static NamespaceOptions OnePartition { get; } =
        new()
        {
            Name = "sim",
            Partitions = 1,
            Durability = new(DurabilityKind.Reply),
        };

    /// <summary>Starts a process on this Redis; returns once its handshake is made.</summary>
    public SimulatedEngine Start(NamespaceOptions? options = null, ILogger? log = null)
    {
        var engine = Begin(options, log);
        var handshake = engine.Ask(() => new ValueTask<bool>(engine.Primary.ConnectAsync(TimeSpan.FromSeconds(5), default)));
        Assert.True(handshake, "no handshake was made");
        return engine;
    }

    /// <summary>Starts a process, whether Redis is there or not.</summary>
    public SimulatedEngine Begin(NamespaceOptions? options = null, ILogger? log = null) =>
        new(this, _random, $"process{++_processes}", options ?? OnePartition, log);

    /// <summary>What the keys of a partition begin with.</summary>
    public static string Tag(int partition = 0, int of = 1) => PartitionTag.Of("sim", partition, of);

    /// <summary>
    /// Redis has a replica, which confirms what it has while it follows. While it does not, what a level asks for is waited for.
    /// </summary>
    public void Replicate(bool follows) =>
        Server.Durability = new()
        {
            AppendOnly = true,
            AppendFsync = "everysec",
            Replicas = [new ReplicaFacts("replica:6379", follows)],
        };

    public void Run(double seconds) => Loop.RunFor(TimeSpan.FromSeconds(seconds));

    /// <summary>Lets time pass until the condition holds; fails with its reason if it does not in time.</summary>
    public void Await(Func<bool> condition, double seconds, string because) =>
        Assert.True(Loop.RunUntil(condition, TimeSpan.FromSeconds(seconds)), $"Not within {seconds} s: {because}");

    /// <summary>The plain answer to a command, whose words are joined by blanks where it has several.</summary>
    public string Cli(params string[] command) => Text(Server.Execute([command])[0]);

    /// <summary>The value of a field in each entry of a stream.</summary>
    public string?[] StreamField(string key, string field) => [.. Entries(key).Select(entry => entry.Fields.GetValueOrDefault(field))];

    /// <summary>Replaces a field of a stream's first entry, as damage would.</summary>
    public void Damage(string key, string field, string value)
    {
        var entries = Entries(key);
        entries[0].Fields[field] = value;
        Cli("DEL", key);
        foreach (var (id, fields) in entries)
        {
            Cli(["XADD", key, id, .. fields.SelectMany(pair => new[] { pair.Key, pair.Value })]);
        }
    }

    /// <summary>Redis dies and comes back without what was written since a number of calls was in its journal.</summary>
    public void LoseSince(int journaledCalls)
    {
        Server.Stop();
        Server.Restart(Server.JournaledCalls - journaledCalls);
    }

    public void Dispose() => Server.Dispose();

    private (string Id, OrderedDictionary<string, string> Fields)[] Entries(string key) =>
        [.. ((Reply.List)Server.Execute(["XRANGE", key, "-", "+"])[0]).Items.Select(entry => Entry((Reply.List)entry))];

    private static (string Id, OrderedDictionary<string, string> Fields) Entry(Reply.List entry)
    {
        var fields = ((Reply.List)entry.Items[1]).Items.Select(Text).Chunk(2).Select(pair => KeyValuePair.Create(pair[0], pair[1]));
        return (Text(entry.Items[0]), new OrderedDictionary<string, string>(fields));
    }

    private static string Text(Reply reply) =>
        reply switch
        {
            Reply.Bulk bulk => bulk.Text ?? "",
            Reply.Integer number => $"{number.Value}",
            Reply.Status status => status.Text,
            Reply.List list => string.Join(' ', list.Items.Select(Text)),
            _ => throw new InvalidOperationException($"The fake server answered {reply}."),
        };
}
