using System.Net.Sockets;
using Darq.Benchmarks.Client;
using Darq.Benchmarks.Measuring;
using Darq.Benchmarks.Reference;
using Darq.Protos;
using Darq.Tests.Shared;

namespace Darq.Benchmarks.Processes;

/// <summary>
/// A fresh Redis and a fresh component for one scenario, a connection to each, and what they have used so far. Redis keeps
/// nothing on disk: a disk's speed is no part of the comparison, and both sides would wait for the same file.
/// </summary>
internal sealed class Stage : IAsyncDisposable
{
    public const string PubSub = "bench-pubsub";
    public const string State = "bench-state";

    private static readonly RedisOptions InMemory = new() { AppendOnly = false };

    private readonly TempFolder _folder;
    private readonly RedisServer _redis;
    private readonly ComponentProcess _component;

    private Stage(TempFolder folder, RedisServer redis, ComponentProcess component, PlainRedis plain)
    {
        (_folder, _redis, _component, Plain) = (folder, redis, component, plain);
        Connection = new LoadConnection(component.Socket);
    }

    /// <summary>The connection to the component, as a sidecar has it.</summary>
    public LoadConnection Connection { get; private set; }

    public PlainRedis Plain { get; }

    public int RedisPort => _redis.Port;

    public string RedisHost => _redis.Host;

    /// <summary>Where a sidecar finds the component.</summary>
    public string SocketsFolder => _component.SocketsFolder;

    public double ComponentPeakMegabytes => MeasuredProcess.PeakMegabytes(_component.Process.Id);

    public static async Task<Stage> StartAsync()
    {
        var folder = new TempFolder();
        var redis = await RedisServer.StartAsync(InMemory);
        var component = await ComponentProcess.StartAsync(
            new Dictionary<string, string?>
            {
                ["DOTNET_STARTUP_HOOKS"] = typeof(Stage).Assembly.Location,
                ["DARQ_BENCHMARK_COUNTERS"] = CountersIn(folder),
            }
        );
        return new(folder, redis, component, await PlainRedis.ConnectAsync(redis.Port));
    }

    /// <summary>Ends the component and starts it anew; it has to be initialised again.</summary>
    public async Task RestartComponentAsync()
    {
        Connection.Dispose();
        await _component.KillAsync();
        File.Delete(CountersIn(_folder));
        await _component.RestartAsync();
        Connection = new LoadConnection(_component.Socket);
    }

    /// <summary>Init, as the sidecar sends it for each of its components.</summary>
    public void Initialise(params (string Name, string Value)[] pubSubSettings)
    {
        var pubSub = new MetadataRequest { Properties = { ["redisHost"] = _redis.Host, ["consumerID"] = "bench" } };
        foreach (var (name, value) in pubSubSettings)
        {
            pubSub.Properties[name] = value;
        }

        Connection.Ask(new("PubSub", "Init", PubSub), new PubSubInitRequest { Metadata = pubSub });
        var state = new MetadataRequest { Properties = { ["redisHost"] = _redis.Host } };
        Connection.Ask(new("StateStore", "Init", State), new InitRequest { Metadata = state });
    }

    /// <summary>What everybody has used up to now, a process of the reference included.</summary>
    public async Task<Cost> ReadCostAsync(int? referenceProcess)
    {
        var redis = await Plain.ReadCostAsync();
        var (allocated, compiled) = await ReadCountersAsync();
        return redis with
        {
            ComponentSeconds = MeasuredProcess.Seconds(_component.Process.Id),
            ReferenceSeconds = referenceProcess is { } id ? MeasuredProcess.Seconds(id) : 0,
            ClientSeconds = MeasuredProcess.Seconds(Environment.ProcessId),
            ComponentAllocatedBytes = allocated,
            ComponentCompiledMethods = compiled,
        };
    }

    public async ValueTask DisposeAsync()
    {
        Connection.Dispose();
        await Plain.DisposeAsync();
        await _component.DisposeAsync();
        await _redis.DisposeAsync();
        _folder.Dispose();
    }

    private static string CountersIn(TempFolder folder) => folder.PathOf("counters.sock");

    private async Task<(long Allocated, long Compiled)> ReadCountersAsync()
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(CountersIn(_folder)));
        var bytes = new byte[2 * sizeof(long)];
        for (var filled = 0; filled < bytes.Length;)
        {
            var count = await socket.ReceiveAsync(bytes.AsMemory(filled));
            if (count == 0)
            {
                throw new LoadFailedException("the component's counters gave no answer");
            }

            filled += count;
        }

        return (BitConverter.ToInt64(bytes), BitConverter.ToInt64(bytes, sizeof(long)));
    }
}
