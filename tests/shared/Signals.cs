using System.Runtime.InteropServices;

namespace Darq.Tests.Shared;

internal enum Signal
{
    Int = 2,
    Kill = 9,
    Term = 15,
    Cont = 18,
    Stop = 19,
}

/// <summary>Sends signals, which .NET itself cannot; a negative id means the whole process group.</summary>
internal static class Signals
{
    public static void Send(int id, Signal signal) => _ = Kill(id, (int)signal);

    public static bool IsAlive(int id) => Kill(id, 0) == 0;

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int id, int signal);
}
