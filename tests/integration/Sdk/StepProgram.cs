using System.Net.Sockets;
using Darq.Tests.Shared;

namespace Darq.Tests.Integration.Sdk;

/// <summary>
/// One of the programs in examples/sdk, as a user starts it, with the ports that its sidecar has. It may be killed at any moment.
/// </summary>
internal sealed class StepProgram : RestartableProcess
{
    private readonly string[] _command;
    private readonly string _folder;
    private readonly Dictionary<string, string?> _environment;

    private readonly int? _port;

    private StepProgram(string folder, string[] command, SidecarOptions sidecar)
    {
        (_folder, _command, _port) = (folder, command, sidecar.AppPort);
        _environment = new()
        {
            ["APP_PORT"] = $"{_port}",
            ["DAPR_HTTP_PORT"] = $"{sidecar.HttpApiPort}",
            ["DAPR_GRPC_PORT"] = $"{sidecar.GrpcApiPort}",
            // In front of the packages that the tests' own Python programs use, which are older.
            ["PYTHONPATH"] = Tools.PythonSdk,
        };
    }

    protected override string Readiness => $"{string.Join(' ', _command)} {(_port is null ? "runs" : $"listens on port {_port}")}";

    /// <summary>One with a port is started before its sidecar, which waits for it.</summary>
    public static Task<StepProgram> StartAsync(string folder, string[] command, SidecarOptions sidecar) =>
        StartAsync(new StepProgram(Repository.PathOf("examples", "sdk", folder), command, sidecar));

    protected override Task<ChildProcess> LaunchAsync() => ChildProcess.StartAsync(_command[0], _command[1..], _environment, _folder);

    protected override async Task<bool> IsReadyAsync()
    {
        if (_port is not { } port)
        {
            return true;
        }

        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
