namespace Darq.Tests.Shared;

/// <summary>
/// The built component, with its socket in the temp folder. Started again it finds the old socket file there, as when Kubernetes
/// restarts one container of a pod.
/// </summary>
internal sealed class ComponentProcess : RestartableProcess
{
    private readonly IReadOnlyDictionary<string, string?> _environment;

    private ComponentProcess(IReadOnlyDictionary<string, string?> environment) => _environment = environment;

    public string SocketsFolder => Files.FullPath;

    public string Socket => Files.PathOf("darq.sock");

    protected override string Readiness => $"the component accepts on {Socket}";

    public static Task<ComponentProcess> StartAsync(IReadOnlyDictionary<string, string?>? environment = null) =>
        StartAsync(new ComponentProcess(environment ?? new Dictionary<string, string?>()));

    protected override Task<ChildProcess> LaunchAsync()
    {
        Dictionary<string, string?> environment = new(_environment) { ["DAPR_COMPONENTS_SOCKETS_FOLDER"] = SocketsFolder };
        return ChildProcess.StartAsync(Repository.Component, [], environment);
    }

    protected override Task<bool> IsReadyAsync() => UnixSocket.AcceptsAsync(Socket);
}
