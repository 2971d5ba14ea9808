using System.Net.Sockets;
using System.Runtime;

/// <summary>
/// Runs inside the component's process, put there by DOTNET_STARTUP_HOOKS: answers whoever connects to the Unix socket that
/// DARQ_BENCHMARK_COUNTERS names with the number of bytes allocated and of methods compiled so far. Between two
/// questions it does nothing.
/// </summary>
internal static class StartupHook
{
    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable("DARQ_BENCHMARK_COUNTERS") is not { Length: > 0 } path)
        {
            return;
        }

        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        new Thread(() => Answer(listener)) { IsBackground = true }.Start();
    }

    private static void Answer(Socket listener)
    {
        while (true)
        {
            using var asking = listener.Accept();
            asking.Send([
                .. BitConverter.GetBytes(GC.GetTotalAllocatedBytes()),
                .. BitConverter.GetBytes(JitInfo.GetCompiledMethodCount()),
            ]);
        }
    }
}
