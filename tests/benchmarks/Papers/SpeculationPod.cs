using System.Diagnostics;
using System.Text;
using Darq.Benchmarks.Client;
using Darq.Benchmarks.Hops;
using Darq.Benchmarks.Sidecars;
using Darq.Tests.Shared;

namespace Darq.Benchmarks.Papers;

/// <summary>
/// A component, a sidecar and the chains' app, with two lines of topics that differ in one thing: those of one release their messages once
/// they are durable, those of the other as soon as they are applied. The last topic of both is released when durable.
/// </summary>
internal sealed class SpeculationPod : IAsyncDisposable
{
    public const int Hops = 10;

    /// <summary>Of many chains, those on their way at once.</summary>
    public const int Outstanding = 64;

    public const string Strict = "strict";
    public const string Applied = "applied";

    private const string Output = "output";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ComponentProcess _component;
    private readonly ChainApp _app;
    private readonly SidecarPod _pod;

    private SpeculationPod(ComponentProcess component, ChainApp app, SidecarPod pod) => (_component, _app, _pod) = (component, app, pod);

    public static async Task<SpeculationPod> StartAsync(string redisHost, string durability)
    {
        var component = await ComponentProcess.StartAsync();
        try
        {
            var app = new ChainApp(Hops, Strict, Applied, Output);
            string[] resources =
            [
                Yaml(Strict, TopicsOf(Strict), "durable"),
                Yaml(Applied, TopicsOf(Applied), "speculative"),
                Yaml(Output, [ChainApp.TopicOf(Strict, Hops - 1), ChainApp.TopicOf(Applied, Hops - 1)], "durable"),
            ];
            return new(component, app, await SidecarPod.StartAsync(component.SocketsFolder, resources, app.HandleAsync));
        }
        catch
        {
            await component.DisposeAsync();
            throw;
        }

        string Yaml(string name, IEnumerable<string> topics, string ack) =>
            ComponentYaml.Of(
                name,
                "bindings.darq",
                ("redisHost", redisHost),
                ("appID", "bench"),
                ("direction", "input, output"),
                ("topics", string.Join(',', topics)),
                ("durability", durability),
                ("ack", ack),
                ("releaseAt", ack == "durable" ? "durable" : "applied")
            );
    }

    /// <summary>Chains one after the other, each begun when all that the one before did is durable.</summary>
    public async Task<IReadOnlyList<TimedChain>> RunAloneAsync(string line, int count)
    {
        var chains = new List<TimedChain>();
        while (chains.Count < count)
        {
            await BarrierAsync();
            chains.Add(await PassAsync(line));
        }

        return chains;
    }

    /// <summary>Keeps chains on their way, each begun when one before it is over, until all are over; returns how many a second.</summary>
    public async Task<double> RunManyAsync(string line, int count)
    {
        var began = Stopwatch.GetTimestamp();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, count),
            new ParallelOptions { MaxDegreeOfParallelism = Outstanding },
            async (_, _) => await PassAsync(line)
        );
        return count / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>Begins a chain whose first message is durable when this is over.</summary>
    public async Task<long> BeginAsync(string line, IChain chain)
    {
        var number = _app.Expect(chain);
        await CreateAsync(line, ChainApp.TopicOf(line, 0), number, "durable");
        return number;
    }

    /// <summary>Publishes something that nobody gets.</summary>
    public Task PublishAsync(string line, string ack) => CreateAsync(line, "nobody", 0, ack);

    public Task BarrierAsync() => _pod.PostAsync(PathOf(Strict), "{\"operation\":\"barrier\"}"u8.ToArray());

    public async ValueTask DisposeAsync()
    {
        await _pod.DisposeAsync();
        await _component.DisposeAsync();
    }

    private static IEnumerable<string> TopicsOf(string line) => Enumerable.Range(0, Hops - 1).Select(hop => ChainApp.TopicOf(line, hop));

    private static Uri PathOf(string binding) => new($"v1.0/bindings/{binding}", UriKind.Relative);

    private async Task<TimedChain> PassAsync(string line)
    {
        var chain = new TimedChain(Hops);
        var number = _app.Expect(chain);
        await CreateAsync(line, ChainApp.TopicOf(line, 0), number, line == Strict ? "durable" : "speculative");
        try
        {
            await chain.Over.WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            throw new LoadFailedException($"a chain stood still after {chain.Arrivals} deliveries");
        }

        _app.Forget(number);
        return chain;
    }

    private Task CreateAsync(string line, string topic, long chain, string ack) =>
        _pod.PostAsync(
            PathOf(line),
            Encoding.ASCII.GetBytes(
                $"{{\"operation\":\"create\",\"metadata\":{{\"topic\":\"{topic}\",\"darq.ack\":\"{ack}\"}},"
                    + $"\"data\":{ChainApp.Data(line, chain, 0)}}}"
            )
        );
}
