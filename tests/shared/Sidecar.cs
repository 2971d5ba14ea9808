namespace Darq.Tests.Shared;

/// <summary>
/// A sidecar for a test's app: the stand-in of <c>tests/sidecar</c>, or the daprd that the variable DAPRD names. Both are
/// started with the same flags and files, so that a test never knows which one it talks to.
/// </summary>
internal sealed class Sidecar : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    private readonly TempFolder _folder = new();
    private readonly SidecarOptions _options;
    private ChildProcess? _process;

    private Sidecar(SidecarOptions options)
    {
        _options = options;
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{HttpPort}/") };
    }

    /// <summary>Whether a real daprd is used; a test that needs a behaviour of only one of them skips by this.</summary>
    public static bool IsReal => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("DAPRD"));

    public int HttpPort { get; } = FreePort.Next();

    public int GrpcPort { get; } = FreePort.Next();

    public HttpClient Http { get; }

    public ChildProcess Process => _process ?? throw new InvalidOperationException("The sidecar does not run.");

    public static async Task<Sidecar> StartAsync(SidecarOptions options)
    {
        var sidecar = new Sidecar(options);
        try
        {
            await sidecar.RunAsync();
            return sidecar;
        }
        catch
        {
            await sidecar.DisposeAsync();
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

    public async Task RestartAsync()
    {
        await KillAsync();
        await RunAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        _folder.Dispose();
    }

    private async Task RunAsync()
    {
        foreach (var (name, yaml) in _options.Resources)
        {
            _folder.Write(Path.Combine("resources", name), yaml);
        }

        Dictionary<string, string?> environment = new(_options.Environment);
        if (_options.SocketsFolder is not null)
        {
            environment["DAPR_COMPONENTS_SOCKETS_FOLDER"] = _options.SocketsFolder;
        }

        var program = IsReal ? Environment.GetEnvironmentVariable("DAPRD")! : Repository.PathOf("tests", "sidecar", "run");
        _process = await ChildProcess.StartAsync(program, Flags(), environment, _folder.FullPath);
        await _process.ReadyAsync(IsHealthyAsync, StartTimeout, $"the sidecar of {_options.AppId} is healthy");
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
            _folder.PathOf("resources"),
            "--log-level",
            "info",
        ];
        if (_options.AppPort is { } port)
        {
            flags.AddRange(["--app-port", $"{port}", "--app-protocol", "http"]);
        }

        if (_options.Configuration is { } yaml)
        {
            flags.AddRange(["--config", _folder.Write("config.yaml", yaml)]);
        }

        return flags;
    }

    private async Task<bool> IsHealthyAsync()
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
}
