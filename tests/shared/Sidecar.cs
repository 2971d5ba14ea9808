namespace Darq.Tests.Shared;

/// <summary>
/// A sidecar for a test's app: the stand-in of <c>tests/sidecar</c>, or the daprd that the variable DAPRD names. Both are
/// started with the same flags and files, so that a test never knows which one it talks to.
/// </summary>
internal sealed class Sidecar : RestartableProcess
{
    private readonly SidecarOptions _options;

    private Sidecar(SidecarOptions options)
    {
        _options = options;
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{HttpPort}/") };
    }

    /// <summary>Whether a real daprd is used; a test that needs a behaviour of only one of them skips by this.</summary>
    public static bool IsReal => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("DAPRD"));

    public int HttpPort => _options.HttpApiPort;

    public int GrpcPort => _options.GrpcApiPort;

    public HttpClient Http { get; }

    public string AppId => _options.AppId;

    protected override string Readiness => $"the sidecar of {_options.AppId} is healthy";

    public static Task<Sidecar> StartAsync(SidecarOptions options) => StartAsync(new Sidecar(options));

    public override ValueTask DisposeAsync()
    {
        Http.Dispose();
        return base.DisposeAsync();
    }

    protected override Task<ChildProcess> LaunchAsync()
    {
        foreach (var (name, yaml) in _options.Resources)
        {
            Files.Write(Path.Combine("resources", name), yaml.Replace(SidecarOptions.HttpPort, $"{HttpPort}", StringComparison.Ordinal));
        }

        Dictionary<string, string?> environment = new(_options.Environment);
        if (_options.SocketsFolder is not null)
        {
            environment["DAPR_COMPONENTS_SOCKETS_FOLDER"] = _options.SocketsFolder;
        }

        var program = IsReal ? Environment.GetEnvironmentVariable("DAPRD")! : Repository.PathOf("tests", "sidecar", "run");
        return ChildProcess.StartAsync(program, Flags(), environment, Files.FullPath);
    }

    protected override async Task<bool> IsReadyAsync()
    {
        try
        {
            using var answer = await Http.GetAsync(new Uri("v1.0/healthz", UriKind.Relative));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private List<string> Flags()
    {
        List<string> flags =
        [
            "--app-id",
            _options.AppId,
            "--dapr-http-port",
            $"{HttpPort}",
            "--dapr-grpc-port",
            $"{GrpcPort}",
            "--dapr-internal-grpc-port",
            $"{FreePort.Next()}",
            "--metrics-port",
            $"{FreePort.Next()}",
            "--enable-metrics=false",
            "--resources-path",
            Files.PathOf("resources"),
            "--log-level",
            "info",
        ];
        if (_options.AppPort is { } port)
        {
            flags.AddRange(["--app-port", $"{port}", "--app-protocol", _options.AppProtocol]);
        }

        if (_options.Configuration is { } yaml)
        {
            flags.AddRange(["--config", Files.Write("config.yaml", yaml)]);
        }

        return flags;
    }
}
