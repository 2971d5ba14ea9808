using Darq.Tests.Shared;

namespace Darq.Benchmarks.Floor;

/// <summary>A floor component in a process of its own, with its socket in a temp folder where a sidecar finds it.</summary>
internal sealed class FloorProcess : IAsyncDisposable
{
    /// <summary>The runtime's settings of Darq.Component.csproj: a row compares two components, not two runtimes.</summary>
    private static readonly IReadOnlyDictionary<string, string?> Runtime = new Dictionary<string, string?>
    {
        ["DOTNET_ThreadPool_UnfairSemaphoreSpinLimit"] = "0",
        ["DOTNET_HillClimbing_Disable"] = "1",
    };

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly TempFolder _folder;
    private readonly ChildProcess _process;

    private FloorProcess(TempFolder folder, ChildProcess process) => (_folder, _process) = (folder, process);

    public string SocketsFolder => _folder.FullPath;

    public string Socket => SocketIn(_folder);

    public int Id => _process.Id;

    public static async Task<FloorProcess> StartAsync()
    {
        var folder = new TempFolder();
        var process = await ChildProcess.StartAsync(
            Path.ChangeExtension(typeof(FloorProcess).Assembly.Location, null),
            [FloorComponent.Mode, FloorComponent.SocketOption, SocketIn(folder)],
            Runtime
        );
        var floor = new FloorProcess(folder, process);
        await process.ReadyAsync(() => UnixSocket.AcceptsAsync(floor.Socket), Patience, "the floor component accepts on its socket");
        return floor;
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Dispose();
    }

    private static string SocketIn(TempFolder folder) => folder.PathOf("darq.sock");
}
