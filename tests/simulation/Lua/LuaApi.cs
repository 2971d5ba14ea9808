using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Darq.Tests.Shared;

namespace Darq.Tests.Simulation.Lua;

/// <summary>
/// The few functions of the real Lua 5.1 that the simulator needs. Only those are declared that raise no Lua error (short
/// of running out of memory), because an error is a longjmp and must never cross a managed frame.
/// </summary>
internal static partial class LuaApi
{
    public const int Registry = -10000;

    private const string Library = "liblua5.1.so.0";

    [ModuleInitializer]
    internal static void FindLibrary() => NativeLibrary.SetDllImportResolver(Assembly.GetExecutingAssembly(), Resolve);

    [LibraryImport(Library, EntryPoint = "luaL_newstate")]
    public static partial nint NewState();

    [LibraryImport(Library, EntryPoint = "luaL_openlibs")]
    public static partial void OpenLibraries(nint state);

    [LibraryImport(Library, EntryPoint = "lua_close")]
    public static partial void Close(nint state);

    [LibraryImport(Library, EntryPoint = "luaL_loadbuffer", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Load(nint state, byte[] code, nuint length, string name);

    [LibraryImport(Library, EntryPoint = "lua_pcall")]
    public static partial int ProtectedCall(nint state, int arguments, int results, int handler);

    [LibraryImport(Library, EntryPoint = "luaL_ref")]
    public static partial int Reference(nint state, int table);

    [LibraryImport(Library, EntryPoint = "lua_rawgeti")]
    public static partial void GetAt(nint state, int table, int index);

    [LibraryImport(Library, EntryPoint = "lua_rawseti")]
    public static partial void SetAt(nint state, int table, int index);

    [LibraryImport(Library, EntryPoint = "lua_rawget")]
    public static partial void Get(nint state, int table);

    [LibraryImport(Library, EntryPoint = "lua_rawset")]
    public static partial void Set(nint state, int table);

    [LibraryImport(Library, EntryPoint = "lua_createtable")]
    public static partial void PushTable(nint state, int items, int fields);

    [LibraryImport(Library, EntryPoint = "lua_pushlstring")]
    public static partial void PushBytes(nint state, byte[] bytes, nuint length);

    [LibraryImport(Library, EntryPoint = "lua_pushnumber")]
    public static partial void PushNumber(nint state, double number);

    [LibraryImport(Library, EntryPoint = "lua_pushboolean")]
    public static partial void PushBoolean(nint state, int value);

    [LibraryImport(Library, EntryPoint = "lua_pushcclosure")]
    public static partial void PushFunction(nint state, nint function, int upvalues);

    [LibraryImport(Library, EntryPoint = "lua_type")]
    public static partial LuaType TypeOf(nint state, int index);

    [LibraryImport(Library, EntryPoint = "lua_tonumber")]
    public static partial double Number(nint state, int index);

    [LibraryImport(Library, EntryPoint = "lua_toboolean")]
    public static partial int Boolean(nint state, int index);

    [LibraryImport(Library, EntryPoint = "lua_tolstring")]
    public static partial nint Bytes(nint state, int index, out nuint length);

    [LibraryImport(Library, EntryPoint = "lua_gettop")]
    public static partial int Top(nint state);

    [LibraryImport(Library, EntryPoint = "lua_settop")]
    public static partial void SetTop(nint state, int top);

    [LibraryImport(Library, EntryPoint = "lua_checkstack")]
    public static partial int EnsureStack(nint state, int free);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name != Library)
        {
            return 0;
        }

        return NativeLibrary.TryLoad(name, assembly, path, out var found) ? found : NativeLibrary.Load(Tools.Lua51);
    }
}

internal enum LuaType
{
    None = -1,
    Nothing = 0,
    Boolean = 1,
    Number = 3,
    Text = 4,
    Table = 5,
}
