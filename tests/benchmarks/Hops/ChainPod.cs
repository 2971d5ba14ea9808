using System.Diagnostics;
using System.Text;
using Darq.Benchmarks.Client;
using Darq.Benchmarks.Measuring;
using Darq.Benchmarks.Reference;
using Darq.Benchmarks.Sidecars;
using Darq.Tests.Shared;

namespace Darq.Benchmarks.Hops;

/// <summary>A pod with the chains' app.</summary>
internal sealed class ChainPod : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private const string Binding = "chain";
    private const string Line = "hop";

    private static readonly Uri Path = new($"v1.0/bindings/{Binding}", UriKind.Relative);

    private readonly ChainApp _app;
    private readonly SidecarPod _pod;

    private ChainPod(ChainApp app, SidecarPod pod) => (_app, _pod) = (app, pod);

    public static async Task<ChainPod> StartAsync(string socketsFolder, string redisHost, int steps)
    {
        var app = new ChainApp(steps, Binding);
        return new(app, await SidecarPod.StartAsync(socketsFolder, [Yaml(redisHost, steps)], app.HandleAsync));
    }

    /// <summary>Keeps a number of chains on their way, each begun when one before it is over.</summary>
    public async Task<Round> RunAsync(int outstanding, TimeSpan duration)
    {
        var latency = new Histogram();
        var end = Stopwatch.GetTimestamp() + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        var chains = await Workers.RunAsync(outstanding, duration, _ => PassAsync(Hopped));
        return new(latency.Count, chains.Seconds, latency) { Chains = chains.Latency };

        void Hopped(long now, long took)
        {
            if (now > end)
            {
                return;
            }

            lock (latency)
            {
                latency.Record(took);
            }
        }
    }

    public ValueTask DisposeAsync() => _pod.DisposeAsync();

    private async Task PassAsync(Action<long, long> hopped)
    {
        var chain = new Chain(hopped);
        var number = _app.Expect(chain);
        await _pod.PostAsync(Path, Beginning(number));
        try
        {
            await chain.Over.WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            throw new LoadFailedException($"a chain stood still after {chain.Arrivals} deliveries");
        }

        _app.Forget(number);
    }

    private static byte[] Beginning(long chain) =>
        Encoding.ASCII.GetBytes(
            $"{{\"operation\":\"create\",\"metadata\":{{\"topic\":\"{ChainApp.TopicOf(Line, 0)}\"}},"
                + $"\"data\":{ChainApp.Data(Line, chain, 0)}}}"
        );

    private static string Yaml(string redisHost, int steps) =>
        ComponentYaml.Of(
            Binding,
            "bindings.darq",
            ("redisHost", redisHost),
            ("appID", "bench"),
            ("direction", "input, output"),
            ("topics", string.Join(',', Enumerable.Range(0, steps).Select(hop => ChainApp.TopicOf(Line, hop))))
        );
}
