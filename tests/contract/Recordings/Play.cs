using System.Text.Json.Nodes;
using Darq.Tests.Shared;

namespace Darq.Tests.Contract.Recordings;

/// <summary>
/// One run of a scenario between a scripted component, a scripted app and the sidecar under test: the stand-in, or the program that
/// DAPRD names. Everything lives in a temp folder and ends with the run.
/// </summary>
internal sealed partial class Play : IAsyncDisposable
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(30);

    private readonly TempFolder _folder = new();
    private readonly Transcript _transcript = new();
    private readonly NormalForm _form = new();
    private readonly Scenario _scenario;
    private readonly bool _concurrent;
    private readonly ScriptedComponent _component;
    private readonly ScriptedComponent[] _others;
    private readonly IScriptedApp? _app;
    private readonly HttpClient _driver = new(
        new SocketsHttpHandler
        {
            ActivityHeadersPropagator = null,
            UseProxy = false,
            AllowAutoRedirect = false,
        }
    );
    private readonly int _httpPort = FreePort.Next();
    private readonly int _grpcPort = FreePort.Next();
    private readonly int _internalPort = FreePort.Next();
    private readonly GrpcDriver _grpc;
    private readonly StreamingDriver _streaming;
    private ChildProcess? _sidecar;

    private Play(Scenario scenario, bool concurrent)
    {
        (_scenario, _concurrent) = (scenario, concurrent);
        Directory.CreateDirectory(_folder.PathOf("sockets"));
        _component = new(Socket("probe.sock"), scenario.Component, _transcript);
        _others = [.. scenario.Others.Select(other => new ScriptedComponent(Socket(other.Key), other.Value, _transcript, other.Key))];
        _grpc = new(_grpcPort, _transcript);
        _streaming = new(_grpc, _transcript);
        _app = scenario.AppProtocol switch
        {
            "none" => null,
            "grpc" => new ScriptedGrpcApp(scenario.AppRules, _transcript),
            _ => new ScriptedHttpApp(scenario.AppRules, _transcript),
        };
    }

    /// <summary>What was said, in the form of the recordings. Concurrent: the stand-in hands over all messages at once.</summary>
    public static async Task<IReadOnlyList<JsonObject>> RunAsync(Scenario scenario, bool concurrent = false)
    {
        await using var play = new Play(scenario, concurrent);
        await play.StartAsync();
        foreach (var step in scenario.Steps)
        {
            await play.StepAsync(step);
        }

        await play.StopAsync();
        return [.. play._transcript.Lines.Select(play._form.Of)];
    }

    public async ValueTask DisposeAsync()
    {
        if (_sidecar is not null)
        {
            await _sidecar.DisposeAsync();
        }

        await _streaming.DisposeAsync();
        foreach (var component in Components)
        {
            await component.DisposeAsync();
        }

        if (_app is not null)
        {
            await _app.DisposeAsync();
        }

        _driver.Dispose();
        _folder.Dispose();
    }

    private async Task StartAsync()
    {
        Directory.CreateDirectory(_folder.PathOf("resources"));
        foreach (var (name, content) in _scenario.Resources)
        {
            _folder.Write(Path.Combine("resources", name), content!.ToJsonString());
        }

        foreach (var name in _scenario.PlainFiles)
        {
            _folder.Write(Path.Combine("sockets", name), "x");
        }

        foreach (var component in Components)
        {
            await component.StartAsync();
        }

        if (_app is not null && !_scenario.AppIsLate)
        {
            await _app.StartAsync();
        }

        _form.AddFolder(_folder.FullPath, "<folder>");
        _form.AddPort(_httpPort, "<http-port>");
        _form.AddPort(_grpcPort, "<grpc-port>");
        _form.AddPort(_internalPort, "<internal-port>");
        if (_app is not null)
        {
            _form.AddPort(_app.Port, "<app-port>");
        }

        var environment = new Dictionary<string, string?> { ["DAPR_COMPONENTS_SOCKETS_FOLDER"] = _folder.PathOf("sockets") };
        foreach (var (name, value) in _scenario.Environment)
        {
            environment[name] = (string?)value;
        }

        if (_concurrent)
        {
            environment["SIDECAR_CONCURRENT"] = "1";
        }

        _sidecar = await ChildProcess.StartAsync(Program(), Flags(), environment, _folder.FullPath);
    }

    /// <summary>Ends the sidecar as a scenario does that has not ended it itself, and waits for the last lines.</summary>
    private async Task StopAsync()
    {
        _sidecar!.Signal(Signal.Term);
        await _sidecar.WaitForExitAsync(StopTimeout);
        await _streaming.EndAsync();
        foreach (var component in Components)
        {
            await component.StopAsync();
        }

        if (_app is not null)
        {
            await _app.StopAsync();
        }
    }

    private IEnumerable<ScriptedComponent> Components => [_component, .. _others];

    private string Socket(string name) => _folder.PathOf(Path.Combine("sockets", name));

    private static string Program() =>
        Sidecar.IsReal ? Environment.GetEnvironmentVariable("DAPRD")! : Repository.PathOf("tests", "sidecar", "run");

    private List<string> Flags()
    {
        List<string> flags =
        [
            "--app-id",
            "shop",
            "--dapr-http-port",
            $"{_httpPort}",
            "--dapr-grpc-port",
            $"{_grpcPort}",
            "--dapr-internal-grpc-port",
            $"{_internalPort}",
            "--metrics-port",
            $"{FreePort.Next()}",
            "--enable-metrics=false",
            "--resources-path",
            _folder.PathOf("resources"),
            "--log-level",
            "info",
        ];
        if (_app is not null)
        {
            flags.AddRange(["--app-port", $"{_app.Port}", "--app-protocol", _scenario.AppProtocol]);
        }

        flags.AddRange(_scenario.Arguments);
        return flags;
    }
}
