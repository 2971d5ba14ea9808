using System.Text;
using Darq.Engine.Redis;
using Darq.Testing.Lua;

namespace Darq.Testing.Server;

/// <summary>
/// A Redis primary and its replica: two processes, each with the real function library in a Lua of its own, over data in
/// memory that is replicated before anybody is answered, so that no change of roles loses anything. A journal of what each
/// call wrote lets the primary start again with all its data, or without what its last calls wrote, as an append-only file would give.
/// </summary>
internal sealed class FakeServer : IDisposable
{
    private readonly Func<DateTimeOffset> _time;
    private readonly Random _random;
    private readonly Dictionary<string, string> _libraries = [];
    private readonly List<JournalEntry> _journal = [];
    private readonly Keyspace _keys;
    private JournalEntry _entry = new(0, []);

    public FakeServer(Func<DateTimeOffset> time, Random random)
    {
        (_time, _random) = (time, random);
        _keys = new Keyspace(() => _entry.Now);
        (Primary, Replica) = (new FakeNode("a", Execute), new FakeNode("b", Execute));
        ReplicationId = NewReplicationId();
        Primary.Start([]);
        Replica.Start([]);
    }

    /// <summary>Raised for each message published, with channel and text.</summary>
    public event Action<string, string>? Published;

    /// <summary>Raised when a node is up again or has gone down, and when the nodes have changed roles.</summary>
    public event Action? NodesChanged;

    /// <summary>Raised after each call that wrote something.</summary>
    public event Action<Change>? Changed;

    /// <summary>Hears each function call and its reply, if somebody listens.</summary>
    public Action<string>? Overheard { get; init; }

    /// <summary>Applied to each library before it is loaded.</summary>
    public Func<string, string> Alter { get; init; } = code => code;

    public FakeNode Primary { get; private set; }

    public FakeNode Replica { get; private set; }

    /// <summary>What <c>master_replid</c> is, on both nodes: new at every start of the primary and at every promotion.</summary>
    public string ReplicationId { get; private set; }

    public int JournaledCalls => _journal.Count;

    /// <summary>What it says of its persistence.</summary>
    public DurabilityFacts Durability { get; set; } = new();

    /// <summary>How many journaled calls were confirmed as durable: no restart may lose them, where a test keeps to that.</summary>
    public int Confirmed { get; private set; }

    public Damage Damage => _keys.Damage;

    public IEnumerable<string> KeyNames => _keys.Names;

    /// <summary>The time in which values with a time to live expire; null for that of the server.</summary>
    public Func<DateTimeOffset>? TimeOfValues
    {
        set => _keys.TimeOfValues = value is null ? null : () => value().ToUnixTimeMilliseconds();
    }

    /// <summary>What the primary refuses at the moment; null where nothing.</summary>
    public ServerError? ServerError { get; set; }

    /// <summary>Another program writes into a field of a hash that is there; false where it is not.</summary>
    public bool Overwrite(string key, string field)
    {
        if (Damage.Of(key) is not null || _keys.Find(key)?.Value is not Hash hash || !hash.ContainsKey(field))
        {
            return false;
        }

        Damage.Overwrite(hash, field);
        return true;
    }

    /// <summary>The first so many journaled calls are durable; returns how many replicas have them.</summary>
    public int Confirm(int calls)
    {
        var replicas = Durability.Following.Count();
        // What a restart has lost since is no more to be confirmed.
        if (replicas > 0 && calls <= _journal.Count)
        {
            Confirmed = Math.Max(Confirmed, calls);
        }

        return replicas;
    }

    /// <summary>FUNCTION LOAD at the primary; like there, libraries outlive a restart and their variables do not.</summary>
    public Reply LoadLibrary(string code, bool replace = false)
    {
        if (ServerErrorOf(Refused.Growth | Refused.Writes) is { } refused)
        {
            return refused;
        }

        var name = code.Split('\n')[0].Split("name=")[1].Trim();
        if (!_libraries.TryAdd(name, code))
        {
            if (!replace)
            {
                return new Reply.Error($"ERR Library '{name}' already exists");
            }

            _libraries[name] = code;
        }
        foreach (var node in new[] { Primary, Replica }.Where(node => node.Up))
        {
            Start(node);
        }

        return name;
    }

    /// <summary>FCALL or FCALL_RO at the primary.</summary>
    public Reply Call(FunctionCall call) => Call(Primary, call);

    public Reply Call(FakeNode node, FunctionCall call)
    {
        var arguments = call.Arguments.Select(argument => Encoding.Latin1.GetString(argument.ToBytes())).ToArray();
        Reply? reply = node == Primary ? ServerErrorOf(Refused.Calls) : null;
        reply ??= Journaled(() => node.Run(call.Function, call.Key is null ? [] : [Bytes(call.Key)], arguments, KindOf(node, call)), call);
        if (Overheard is not null)
        {
            Overheard($"{node.Name}: {call.Function} {call.Key} | {string.Join(' ', arguments)} -> {reply}");
        }

        return reply;
    }

    /// <summary>The error that meets such commands now; null where there is none.</summary>
    public Reply.Error? ServerErrorOf(Refused what) =>
        ServerError is { } error && (error.What & what) != Refused.None && _random.Next(error.Share) == 0 ? new(error.Text) : null;

    /// <summary>Plain commands as one transaction.</summary>
    public Reply[] Execute(params string[][] commands) =>
        Journaled(() => commands.Select(words => Execute(Primary, words, true)).ToArray(), null);

    /// <summary>Stops the primary.</summary>
    public void Stop()
    {
        Primary.Stop();
        NodesChanged?.Invoke();
    }

    /// <summary>
    /// Starts the node that was stopped, without what the last <paramref name="lostCalls"/> calls that wrote something had written. A
    /// primary gets another replication id, and its replica copies everything anew; one that was replaced comes back as a replica.
    /// </summary>
    public void Restart(int lostCalls = 0)
    {
        var kept = Math.Max(0, _journal.Count - lostCalls);
        if (kept < _journal.Count)
        {
            Replay(kept);
            Confirmed = Math.Min(Confirmed, kept);
        }

        if (!Primary.Up)
        {
            ReplicationId = NewReplicationId();
            Start(Primary);
        }
        Start(Replica);
        NodesChanged?.Invoke();
    }

    /// <summary>As when the first replica of a lone server comes: no connection is lost.</summary>
    public void ChangeReplicationId() => ReplicationId = NewReplicationId();

    /// <summary>
    /// The replica becomes the primary and, where the primary lives, the other way round: agreed between the two, so that
    /// nothing is lost and the old primary goes on with a partial resync, which leaves its process and its Lua as they are.
    /// </summary>
    public void FailOver()
    {
        (Primary, Replica) = (Replica, Primary);
        ReplicationId = NewReplicationId();
        NodesChanged?.Invoke();
    }

    public void Dispose()
    {
        Primary.Dispose();
        Replica.Dispose();
    }

    /// <summary>Text as the keyspace holds it: one char for each byte of its UTF-8.</summary>
    internal static string Bytes(string text) => Ascii.IsValid(text) ? text : Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    /// <summary>Which functions run is decided by their flags, in front of them.</summary>
    private CallKind KindOf(FakeNode node, FunctionCall call) =>
        node == Primary
            ? new(call.ReadOnly, ServerErrorOf(Refused.Writes)?.Text, ServerErrorOf(Refused.Growth)?.Text)
            : new(call.ReadOnly, ServerError.ReadOnly.Text, null);

    private string NewReplicationId() => string.Concat(Enumerable.Range(0, 40).Select(_ => "0123456789abcdef"[_random.Next(16)]));

    private void Start(FakeNode node) => node.Start(_libraries.Values.Select(Alter));

    private T Journaled<T>(Func<T> run, FunctionCall? call)
    {
        _entry = new JournalEntry(_time().ToUnixTimeMilliseconds(), []);
        var entry = _entry;
        var result = run();
        if (entry.Commands.Count > 0)
        {
            _journal.Add(entry);
            Changed?.Invoke(new Change(call, entry.Commands));
        }
        return result;
    }

    private Reply Execute(FakeNode node, string[] words, bool mayWrite)
    {
        switch (words[0].ToUpperInvariant())
        {
            case "INFO" when words is [_, "cluster"]:
                return "# Cluster\r\ncluster_enabled:0\r\n";
            case "INFO":
                return "# "
                    + $"Replication\r\nrole:{(node == Primary ? "master" : "slave")}\r\nmaster_replid:{ReplicationId}\r\nmaster_replid2:{new string('0', 40)}\r\n";
            case "SPUBLISH":
                Published?.Invoke(words[1], words[2]);
                return 0;
        }
        Slots.Check(words);
        var writes = Keyspace.Writes(words[0]);
        if (writes && !mayWrite)
        {
            return new Reply.Error("ERR Write commands are not allowed from read-only scripts.");
        }

        var reply = _keys.Execute(words);
        // One that failed wrote nothing, which must stay so when the journal is read without the damage that it met.
        if (writes && reply is not Reply.Error)
        {
            _entry.Commands.Add(words);
        }

        return reply;
    }

    private void Replay(int calls)
    {
        _journal.RemoveRange(calls, _journal.Count - calls);
        _keys.Clear();
        foreach (var entry in _journal)
        {
            _entry = entry;
            foreach (var command in entry.Commands)
            {
                _keys.Execute(command);
            }
        }
    }

    private sealed record JournalEntry(long Now, List<string[]> Commands);
}

/// <summary>What one call wrote; no call is an outsider's plain commands.</summary>
internal sealed record Change(FunctionCall? Call, IReadOnlyList<string[]> Commands);
