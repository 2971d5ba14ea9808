using Darq.Tests.Shared;

namespace Darq.Tests.Contract;

/// <summary>A process of its own between clients and a component: to the component all of them are this one sidecar.</summary>
internal sealed class RelayProcess : RestartableProcess
{
    private readonly ComponentProcess _component;

    private RelayProcess(ComponentProcess component) => _component = component;

    public int Id => Process.Id;

    protected override string Readiness => "the relay accepts connections";

    public static Task<RelayProcess> StartAsync(ComponentProcess component) => StartAsync(new RelayProcess(component));

    /// <summary>A connection of this process, for one component instance.</summary>
    public ComponentClient Client(string instance) => new(Files.PathOf("relay"), instance);

    protected override Task<ChildProcess> LaunchAsync()
    {
        File.Delete(Files.PathOf("relay"));
        return ChildProcess.StartAsync(
            Tools.Python,
            [Repository.PathOf("tests", "shared", "relay.py"), Files.PathOf("relay"), _component.Socket]
        );
    }

    protected override Task<bool> IsReadyAsync() => UnixSocket.AcceptsAsync(Files.PathOf("relay"));
}
