using Darq.Testing.Lua;

namespace Darq.Testing.Server;

/// <summary>
/// One server process: its Lua, whose library variables live exactly as long as the process does, and nothing else of its own.
/// </summary>
internal sealed class FakeNode(string name, Func<FakeNode, string[], bool, Reply> execute) : IDisposable
{
    private LuaState? _lua;
    private int _starts;

    public string Name => name;

    /// <summary>Names the process that runs, or ran last: another one at each start.</summary>
    public string Process => $"{name}{_starts}";

    public bool Up => _lua is not null;

    /// <summary>Starts the process, or gives it a new Lua as a full resync and a library that is loaded anew do.</summary>
    public void Start(IEnumerable<string> libraries)
    {
        if (!Up)
        {
            _starts++;
        }

        _lua?.Dispose();
        _lua = new LuaState((words, mayWrite) => execute(this, words, mayWrite));
        foreach (var code in libraries)
        {
            _lua.Load(code);
        }
    }

    public void Stop()
    {
        _lua?.Dispose();
        _lua = null;
    }

    public Reply Run(string function, IReadOnlyList<string> keys, IReadOnlyList<string> arguments, CallKind kind) =>
        _lua!.Run(function, keys, arguments, kind);

    public void Dispose() => Stop();
}
