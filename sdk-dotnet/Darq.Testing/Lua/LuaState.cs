using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Text;
using Darq.Testing.Server;

namespace Darq.Testing.Lua;

/// <summary>
/// One Lua interpreter with one function library, as a Redis server process has it: its variables live until it is
/// disposed. Calls follow Redis' conversion rules between Lua values and replies. Numbers are floats on the way in and out.
/// </summary>
internal sealed class LuaState : IDisposable
{
    private readonly nint _state = LuaApi.NewState();
    private readonly Func<string[], bool, Reply> _execute;

    // Lua keeps only its address, so the delegate must live as long as the state.
    private readonly Entry _command;
    private readonly int _load,
        _run,
        _joint;
    private ExceptionDispatchInfo? _fault;

    /// <summary>
    /// <paramref name="execute"/> runs a command, which may or may not write; what it throws is a fault of the simulator, not a Lua error.
    /// </summary>
    public LuaState(Func<string[], bool, Reply> execute)
    {
        _execute = execute;
        _command = Command;
        LuaApi.OpenLibraries(_state);
        Compile(Resource("lua51.lua"), "@lua51");
        Call(0, 1);
        _joint = LuaApi.Reference(_state, LuaApi.Registry);
        Compile(Resource("prelude.lua"), "@prelude");
        LuaApi.PushFunction(_state, Marshal.GetFunctionPointerForDelegate(_command), 0);
        Call(1, 2);
        _run = LuaApi.Reference(_state, LuaApi.Registry);
        _load = LuaApi.Reference(_state, LuaApi.Registry);
    }

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int Entry(nint state);

    /// <summary>Loads a library; its first line, <c>#!lua name=…</c>, is for Redis itself.</summary>
    public void Load(string code)
    {
        LuaApi.GetAt(_state, LuaApi.Registry, _load);
        Compile(Lua51Source.Library(code), "@user_function");
        LuaApi.GetAt(_state, LuaApi.Registry, _joint);
        Call(2, 0);
    }

    /// <summary>Calls a function of the library; an error reply comes back as <see cref="Reply.Error"/>.</summary>
    public Reply Run(string function, IReadOnlyList<string> keys, IReadOnlyList<string> arguments, CallKind kind)
    {
        LuaApi.GetAt(_state, LuaApi.Registry, _run);
        Push(function);
        PushList(keys);
        PushList(arguments);
        LuaApi.PushBoolean(_state, kind.ReadOnly ? 1 : 0);
        Push(kind.WritesRefused ?? "");
        Push(kind.GrowthRefused ?? "");
        var failed = LuaApi.ProtectedCall(_state, 6, 1, 0) != 0;
        var reply = Pop();
        Interlocked.Exchange(ref _fault, null)?.Throw();
        return failed && reply is Reply.Bulk thrown ? new Reply.Error("ERR " + thrown.Text) : reply;
    }

    public void Dispose() => LuaApi.Close(_state);

    /// <summary>Numbers become text as printf's %.17g writes them.</summary>
    internal static string Text(double number) =>
        number == Math.Floor(number) && Math.Abs(number) < 1e17
            ? ((long)number).ToString(CultureInfo.InvariantCulture)
            : number.ToString("G17", CultureInfo.InvariantCulture).Replace('E', 'e');

    private static byte[] Resource(string name)
    {
        using var stream = typeof(LuaState).Assembly.GetManifestResourceStream(name)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private void Compile(byte[] code, string name)
    {
        if (LuaApi.Load(_state, code, (nuint)code.Length, name) != 0)
        {
            throw new InvalidOperationException(((Reply.Bulk)Pop()).Text);
        }
    }

    private void Call(int arguments, int results)
    {
        if (LuaApi.ProtectedCall(_state, arguments, results, 0) != 0)
        {
            throw new InvalidOperationException(
                Pop() switch
                {
                    Reply.Bulk text => text.Text,
                    var other => other.ToString(),
                }
            );
        }
    }

    // Called by Lua: redis.call and redis.pcall. Returns in every case; the prelude raises.
    private int Command(nint state)
    {
        Reply reply;
        try
        {
            var words = new string[LuaApi.Top(state) - 1];
            for (var i = 0; i < words.Length; i++)
            {
                words[i] = Word(state, i + 2);
            }

            reply = _execute(words, LuaApi.Boolean(state, 1) != 0);
        }
        catch (Exception fault)
        {
            _fault ??= ExceptionDispatchInfo.Capture(fault);
            reply = new Reply.Error("ERR the simulator cannot do this: " + fault.Message);
        }
        LuaApi.SetTop(state, 0);
        LuaApi.PushBoolean(state, reply is Reply.Error ? 0 : 1);
        if (reply is Reply.Error error)
        {
            Push(state, error.Text);
        }
        else
        {
            Push(state, reply);
        }

        return 2;
    }

    private static string Word(nint state, int index) =>
        LuaApi.TypeOf(state, index) switch
        {
            LuaType.Number => Text(LuaApi.Number(state, index)),
            LuaType.Text => Read(state, index),
            _ => throw new InvalidOperationException("Lua redis lib command arguments must be strings or integers"),
        };

    private static string Read(nint state, int index)
    {
        var start = LuaApi.Bytes(state, index, out var length);
        var bytes = new byte[(int)length];
        Marshal.Copy(start, bytes, 0, bytes.Length);
        return Encoding.Latin1.GetString(bytes);
    }

    private void Push(string text) => Push(_state, text);

    private static void Push(nint state, string text)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        LuaApi.PushBytes(state, bytes, (nuint)bytes.Length);
    }

    private void PushList(IReadOnlyList<string> items)
    {
        LuaApi.PushTable(_state, items.Count, 0);
        for (var i = 0; i < items.Count; i++)
        {
            Push(items[i]);
            LuaApi.SetAt(_state, -2, i + 1);
        }
    }

    private static void Push(nint state, Reply reply)
    {
        Reserve(state);
        switch (reply)
        {
            case Reply.Integer number:
                LuaApi.PushNumber(state, number.Value);
                break;
            case Reply.Bulk { Text: { } text }:
                Push(state, text);
                break;
            case Reply.Bulk:
                LuaApi.PushBoolean(state, 0);
                break;
            case Reply.Status status:
                PushField(state, "ok", status.Text);
                break;
            case Reply.Error error:
                PushField(state, "err", error.Text);
                break;
            case Reply.List list:
                LuaApi.PushTable(state, list.Items.Count, 0);
                for (var i = 0; i < list.Items.Count; i++)
                {
                    Push(state, list.Items[i]);
                    LuaApi.SetAt(state, -2, i + 1);
                }
                break;
        }
    }

    private static void PushField(nint state, string field, string text)
    {
        LuaApi.PushTable(state, 0, 1);
        Push(state, field);
        Push(state, text);
        LuaApi.Set(state, -3);
    }

    private Reply Pop()
    {
        var reply = Value(LuaApi.Top(_state));
        LuaApi.SetTop(_state, LuaApi.Top(_state) - 1);
        return reply;
    }

    private Reply Value(int index)
    {
        Reserve(_state);
        return LuaApi.TypeOf(_state, index) switch
        {
            LuaType.Number => (long)LuaApi.Number(_state, index),
            LuaType.Text => Read(_state, index),
            LuaType.Boolean => LuaApi.Boolean(_state, index) != 0 ? 1 : Reply.Nothing,
            LuaType.Table => Table(index),
            _ => Reply.Nothing,
        };
    }

    private Reply Table(int index)
    {
        if (Field(index, "err") is { } error)
        {
            return new Reply.Error(error);
        }

        if (Field(index, "ok") is { } status)
        {
            return new Reply.Status(status);
        }

        List<Reply> items = [];
        for (var i = 1; ; i++)
        {
            LuaApi.GetAt(_state, index, i);
            if (LuaApi.TypeOf(_state, -1) == LuaType.Nothing)
            {
                break;
            }

            items.Add(Pop());
        }
        LuaApi.SetTop(_state, LuaApi.Top(_state) - 1);
        return Reply.Of(items);
    }

    private static void Reserve(nint state)
    {
        if (LuaApi.EnsureStack(state, 8) == 0)
        {
            throw new InsufficientExecutionStackException("a reply is nested too deeply for Lua");
        }
    }

    private string? Field(int index, string name)
    {
        Push(name);
        LuaApi.Get(_state, index);
        return Pop() is Reply.Bulk { Text: { } text } ? text : null;
    }
}

/// <summary>What the server thinks of a call before the function runs.</summary>
/// <param name="ReadOnly">FCALL_RO: for functions that promised not to write.</param>
/// <param name="WritesRefused">The error for functions that may write; null where they may.</param>
/// <param name="GrowthRefused">The error for those of them that did not promise to run without memory; null where they may.</param>
internal readonly record struct CallKind(bool ReadOnly, string? WritesRefused, string? GrowthRefused);
