namespace Darq.Tests.Shared;

/// <summary>
/// The built component, with its socket in the temp folder. Started again it finds the old socket file there, as when Kubernetes
/// restarts one container of a pod. Its admin endpoint is off unless the environment says where it is, because tests run side by side.
/// </summary>
internal sealed class ComponentProcess : RestartableProcess
{
    // As root of a user namespace, with a /proc of its own, as in a container.
    private static readonly string[] Container = ["unshare", "-Urpf", "--mount-proc"];

    private const string AdminVariable = "DARQ_ADMIN_ADDRESS";

    private static readonly TimeSpan AnnounceTimeout = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan TrialTime = TimeSpan.FromSeconds(10);

    private readonly IReadOnlyDictionary<string, string?> _environment;
    private readonly string[] _command;

    private ComponentProcess(IReadOnlyDictionary<string, string?> environment, bool inContainer) =>
        (_environment, _command) = (environment, [.. inContainer ? Container : [], Repository.Component]);

    public string SocketsFolder => Files.FullPath;

    public string Socket => Files.PathOf("darq.sock");

    protected override string Readiness => $"the component accepts on {Socket}";

    public static Task<ComponentProcess> StartAsync(IReadOnlyDictionary<string, string?>? environment = null) =>
        StartAsync(new ComponentProcess(environment ?? new Dictionary<string, string?>(), inContainer: false));

    /// <summary>Starts it where it sees no process outside of its own; ask <see cref="CanBeContainedAsync"/> first.</summary>
    public static Task<ComponentProcess> StartContainedAsync(IReadOnlyDictionary<string, string?>? environment = null) =>
        StartAsync(new ComponentProcess(environment ?? new Dictionary<string, string?>(), inContainer: true));

    /// <summary>Whether this machine lets a user make namespaces; many containers do not.</summary>
    public static async Task<bool> CanBeContainedAsync()
    {
        await using var trial = await ChildProcess.StartAsync(Container[0], [.. Container[1..], "true"]);
        return await trial.WaitForExitAsync(TrialTime) == 0;
    }

    /// <summary>One whose admin endpoint has a free port.</summary>
    public static Task<ComponentProcess> StartWithAdminAsync() =>
        StartAsync(new Dictionary<string, string?> { [AdminVariable] = "127.0.0.1:0" });

    /// <summary>The address of its admin endpoint, which changes with a restart.</summary>
    public async Task<Uri> AdminAsync() =>
        new((await Process.WaitForLineAsync(@"Admin endpoint on (http://\S+): ", AnnounceTimeout)).Groups[1].Value);

    protected override Task<ChildProcess> LaunchAsync()
    {
        Dictionary<string, string?> environment = new(_environment) { ["DAPR_COMPONENTS_SOCKETS_FOLDER"] = SocketsFolder };
        environment.TryAdd(AdminVariable, "off");
        return ChildProcess.StartAsync(_command[0], _command[1..], environment);
    }

    protected override Task<bool> IsReadyAsync() => UnixSocket.AcceptsAsync(Socket);
}
