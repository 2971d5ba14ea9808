using System.Text;
using Darq.Redis;
using Darq.Tests.Simulation.Lua;

namespace Darq.Tests.Simulation.Server;

/// <summary>
/// A Redis server: data in memory, the real function library in a real Lua, and a journal of what each call wrote. It can
/// be stopped and started again with all its data, or without what its last calls wrote, as an append-only file would give.
/// </summary>
internal sealed class FakeServer : IDisposable
{
    private readonly Func<DateTimeOffset> _time;
    private readonly Random _random;
    private readonly Dictionary<string, string> _libraries = [];
    private readonly List<JournalEntry> _journal = [];
    private readonly Keyspace _keys;
    private LuaState? _lua;
    private JournalEntry _entry = new(0, []);

    public FakeServer(Func<DateTimeOffset> time, Random random)
    {
        (_time, _random) = (time, random);
        _keys = new Keyspace(() => _entry.Now);
        Start();
    }

    /// <summary>Raised for each message published, with channel and text.</summary>
    public event Action<string, string>? Published;

    /// <summary>Raised when the server is up again, or has gone down.</summary>
    public event Action? UpChanged;

    /// <summary>Raised after each call that wrote something.</summary>
    public event Action? Changed;

    /// <summary>Hears each function call and its reply, if somebody listens.</summary>
    public Action<string>? Overheard { get; init; }

    /// <summary>Applied to each library before it is loaded.</summary>
    public Func<string, string> Alter { get; init; } = code => code;

    public bool Up => _lua is not null;

    /// <summary>What <c>master_replid</c> is: new at every start.</summary>
    public string BootId { get; private set; } = "";

    public int JournaledCalls => _journal.Count;

    /// <summary>FUNCTION LOAD; like there, libraries outlive a restart and their variables do not.</summary>
    public Reply LoadLibrary(string code, bool replace = false)
    {
        var name = code.Split('\n')[0].Split("name=")[1].Trim();
        if (!_libraries.TryAdd(name, code))
        {
            if (!replace)
                return new Reply.Error($"ERR Library '{name}' already exists");
            _libraries[name] = code;
        }
        LoadLibraries();
        return name;
    }

    /// <summary>FCALL or FCALL_RO.</summary>
    public Reply Call(FunctionCall call)
    {
        var arguments = call.Arguments.Select(argument => Encoding.Latin1.GetString(argument.ToBytes())).ToArray();
        var reply = Journaled(() => _lua!.Run(call.Function, [.. call.Keys.Select(Bytes)], arguments, call.ReadOnly));
        if (Overheard is not null)
            Overheard($"{call.Function} {string.Join(' ', call.Keys)} | {string.Join(' ', arguments)} -> {reply}");
        return reply;
    }

    /// <summary>Plain commands as one transaction.</summary>
    public Reply[] Execute(params string[][] commands) => Journaled(() => commands.Select(words => Execute(words, true)).ToArray());

    public void Stop()
    {
        _lua!.Dispose();
        _lua = null;
        UpChanged?.Invoke();
    }

    /// <summary>Starts again, without what the last <paramref name="lostCalls"/> calls that wrote something had written.</summary>
    public void Restart(int lostCalls = 0)
    {
        var kept = Math.Max(0, _journal.Count - lostCalls);
        if (kept < _journal.Count)
            Replay(kept);
        Start();
        UpChanged?.Invoke();
    }

    public void Dispose() => _lua?.Dispose();

    /// <summary>Text as the keyspace holds it: one char for each byte of its UTF-8.</summary>
    internal static string Bytes(string text) => Ascii.IsValid(text) ? text : Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    private void Start()
    {
        BootId = string.Concat(Enumerable.Range(0, 40).Select(_ => "0123456789abcdef"[_random.Next(16)]));
        LoadLibraries();
    }

    private void LoadLibraries()
    {
        _lua?.Dispose();
        _lua = new LuaState(Execute);
        foreach (var code in _libraries.Values)
            _lua.Load(Alter(code));
    }

    private T Journaled<T>(Func<T> run)
    {
        _entry = new JournalEntry(_time().ToUnixTimeMilliseconds(), []);
        var result = run();
        if (_entry.Commands.Count > 0)
        {
            _journal.Add(_entry);
            Changed?.Invoke();
        }
        return result;
    }

    private Reply Execute(string[] words, bool mayWrite)
    {
        switch (words[0].ToUpperInvariant())
        {
            case "INFO":
                return $"# Replication\r\nrole:master\r\nconnected_slaves:0\r\nmaster_replid:{BootId}\r\nmaster_replid2:{new string('0', 40)}\r\n";
            case "PUBLISH":
                Published?.Invoke(words[1], words[2]);
                return 0;
        }
        var writes = Keyspace.Writes(words[0]);
        if (writes && !mayWrite)
            return new Reply.Error("ERR Write commands are not allowed from read-only scripts.");
        if (writes)
            _entry.Commands.Add(words);
        return _keys.Execute(words);
    }

    private void Replay(int calls)
    {
        _journal.RemoveRange(calls, _journal.Count - calls);
        _keys.Clear();
        foreach (var entry in _journal)
        {
            _entry = entry;
            foreach (var command in entry.Commands)
                _keys.Execute(command);
        }
    }

    private sealed record JournalEntry(long Now, List<string[]> Commands);
}
