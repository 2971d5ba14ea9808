using System.Text.Json;
using Darq.Tests.Contract.Grpc.Messages;
using Darq.Tests.Contract.Grpc.Server;
using Darq.Tests.Shared;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Health.V1;
using Xunit;
using ReflectionV1 = Grpc.Reflection.V1.ServerReflection;
using ReflectionV1Alpha = Grpc.Reflection.V1Alpha.ServerReflection;

namespace Darq.Tests.Contract.Grpc;

internal sealed record ClientOutcome(string Name, bool Ok, string Detail);

/// <summary>
/// One run of a foreign gRPC client through all its cases against a server of its own. The client prints a line per case;
/// each becomes a test of its own.
/// </summary>
public abstract class ClientRun(string program, params string[] script) : IAsyncLifetime
{
    private static readonly TimeSpan RunTimeout = TimeSpan.FromMinutes(4);
    private static readonly JsonSerializerOptions Json = new() { PropertyNameCaseInsensitive = true };

    private readonly Dictionary<string, ClientOutcome> _outcomes = [];
    private string _output = "";

    internal IReadOnlyCollection<string> Names => _outcomes.Keys;

    internal int OpenCallsAfterwards { get; private set; }

    internal IReadOnlyCollection<LogLine> Errors { get; private set; } = [];

    internal ClientOutcome Outcome(string name) =>
        _outcomes.TryGetValue(name, out var outcome)
            ? outcome
            : new ClientOutcome(name, false, $"The client did not report this case:\n{_output}");

    public async ValueTask InitializeAsync()
    {
        await using var server = await ConformanceServer.StartAsync();
        var descriptors = Path.Combine(server.FolderPath, "descriptors.bin");
        await File.WriteAllBytesAsync(descriptors, Descriptors().ToByteArray());
        await using var client = await ChildProcess.StartAsync(program, [Repository.PathOf(script), server.SocketPath, descriptors]);
        await client.WaitForExitAsync(RunTimeout);
        _output = client.Output.ToString();
        foreach (var line in client.Output.All.Where(line => line.StartsWith('{')))
        {
            var outcome = JsonSerializer.Deserialize<ClientOutcome>(line, Json)!;
            _outcomes[outcome.Name] = outcome;
        }

        await Eventually.TrueAsync(() => server.ConnectionsOpen == 0, TimeSpan.FromSeconds(10), "the client's connections are closed");
        OpenCallsAfterwards = server.OpenCalls;
        Errors = [.. server.Logs.Lines.Where(line => line.Level >= Microsoft.Extensions.Logging.LogLevel.Information)];
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>
    /// Files in an order in which each comes after its imports; a client without a compiler builds its messages from them.
    /// </summary>
    private static FileDescriptorSet Descriptors()
    {
        var files = new FileDescriptorSet();
        FileDescriptor[] wanted =
        [
            AnyReflection.Descriptor,
            DurationReflection.Descriptor,
            StatusReflection.Descriptor,
            ErrorDetailsReflection.Descriptor,
            HealthReflection.Descriptor,
            ReflectionV1.Descriptor.File,
            ReflectionV1Alpha.Descriptor.File,
            ConformanceReflection.Descriptor,
        ];
        files.File.AddRange(wanted.Select(file => file.ToProto()));
        return files;
    }
}

public sealed class NodeRun() : ClientRun("node", "tests", "contract", "Grpc", "clients", "node", "main.js");

public sealed class PythonRun() : ClientRun("/usr/bin/python3", "tests", "contract", "Grpc", "clients", "python", "main.py");
