using System.Net.Sockets;

namespace Darq.Tests.Shared;

/// <summary>
/// The built component as a process of its own, with its socket in a temp folder. It can be killed and started again on the
/// same folder, as Kubernetes restarts one container of a pod.
/// </summary>
internal sealed class ComponentProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);

    private readonly TempFolder _folder = new();
    private readonly IReadOnlyDictionary<string, string?> _environment;
    private ChildProcess? _process;

    private ComponentProcess(IReadOnlyDictionary<string, string?> environment) => _environment = environment;

    public string SocketsFolder => _folder.FullPath;

    public string Socket => _folder.PathOf("darq.sock");

    public ChildProcess Process => _process ?? throw new InvalidOperationException("The component does not run.");

    public static async Task<ComponentProcess> StartAsync(IReadOnlyDictionary<string, string?>? environment = null)
    {
        var component = new ComponentProcess(environment ?? new Dictionary<string, string?>());
        try
        {
            await component.RunAsync();
            return component;
        }
        catch
        {
            await component.DisposeAsync();
            throw;
        }
    }

    public async Task KillAsync()
    {
        if (_process is null)
        {
            return;
        }

        await _process.KillAsync();
        await _process.DisposeAsync();
        _process = null;
    }

    /// <summary>Kills if it runs, and starts again on the same folder; the old socket file still lies there.</summary>
    public async Task RestartAsync()
    {
        await KillAsync();
        await RunAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        _folder.Dispose();
    }

    private async Task RunAsync()
    {
        Dictionary<string, string?> environment = new(_environment) { ["DAPR_COMPONENTS_SOCKETS_FOLDER"] = SocketsFolder };
        _process = await ChildProcess.StartAsync(Repository.Component, [], environment);
        await _process.ReadyAsync(AcceptsAsync, StartTimeout, $"the component accepts on {Socket}");
    }

    private async Task<bool> AcceptsAsync()
    {
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Socket));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
