using System.Runtime.InteropServices;

namespace Darq.Testing.Lua;

/// <summary>
/// The few functions of the real Lua 5.4 that the simulator needs, from the native library that the package KeraLua brings for each
/// system. Only those are declared that raise no Lua error (short of running out of memory), because an error is a longjmp and must
/// never cross a managed frame.
/// </summary>
internal static partial class LuaApi
{
    public const int Registry = -1_001_000;

    private const string Library = "lua54";

    [LibraryImport(Library, EntryPoint = "luaL_newstate")]
    public static partial nint NewState();

    [LibraryImport(Library, EntryPoint = "luaL_openlibs")]
    public static partial void OpenLibraries(nint state);

    [LibraryImport(Library, EntryPoint = "lua_close")]
    public static partial void Close(nint state);

    /// <summary>A mode of null takes text and binary code.</summary>
    [LibraryImport(Library, EntryPoint = "luaL_loadbufferx", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Load(nint state, byte[] code, nuint length, string name, string? mode = null);

    [LibraryImport(Library, EntryPoint = "lua_pcallk")]
    public static partial int ProtectedCall(nint state, int arguments, int results, int handler, nint context = 0, nint continuation = 0);

    [LibraryImport(Library, EntryPoint = "luaL_ref")]
    public static partial int Reference(nint state, int table);

    [LibraryImport(Library, EntryPoint = "lua_rawgeti")]
    public static partial LuaType GetAt(nint state, int table, long index);

    [LibraryImport(Library, EntryPoint = "lua_rawseti")]
    public static partial void SetAt(nint state, int table, long index);

    [LibraryImport(Library, EntryPoint = "lua_rawget")]
    public static partial LuaType Get(nint state, int table);

    [LibraryImport(Library, EntryPoint = "lua_rawset")]
    public static partial void Set(nint state, int table);

    [LibraryImport(Library, EntryPoint = "lua_createtable")]
    public static partial void PushTable(nint state, int items, int fields);

    [LibraryImport(Library, EntryPoint = "lua_pushlstring")]
    public static partial nint PushBytes(nint state, byte[] bytes, nuint length);

    [LibraryImport(Library, EntryPoint = "lua_pushnumber")]
    public static partial void PushNumber(nint state, double number);

    [LibraryImport(Library, EntryPoint = "lua_pushboolean")]
    public static partial void PushBoolean(nint state, int value);

    [LibraryImport(Library, EntryPoint = "lua_pushcclosure")]
    public static partial void PushFunction(nint state, nint function, int upvalues);

    [LibraryImport(Library, EntryPoint = "lua_type")]
    public static partial LuaType TypeOf(nint state, int index);

    [LibraryImport(Library, EntryPoint = "lua_tonumberx")]
    public static partial double Number(nint state, int index, nint isNumber = 0);

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
