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
    private static readonly Uri Path = new($"v1.0/bindings/{ChainApp.Binding}", UriKind.Relative);

    private readonly ChainApp _app;
    private readonly SidecarPod _pod;
    private long _chains;

    private ChainPod(ChainApp app, SidecarPod pod) => (_app, _pod) = (app, pod);

    public static async Task<ChainPod> StartAsync(string socketsFolder, string redisHost, int steps)
    {
        var app = new ChainApp(steps);
        return new(app, await SidecarPod.StartAsync(socketsFolder, Yaml(redisHost, steps), app.HandleAsync));
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
        var number = Interlocked.Increment(ref _chains);
        var chain = _app.Expect(number, hopped);
        await _pod.PostAsync(Path, Beginning(number));
        try
        {
            await chain.Over.WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            throw new LoadFailedException($"a chain stood still after {chain.Arrivals} deliveries");
        }
    }

    private static byte[] Beginning(long chain) =>
        Encoding.ASCII.GetBytes(
            $"{{\"operation\":\"create\",\"metadata\":{{\"topic\":\"{ChainApp.TopicOf(0)}\"}},\"data\":{{\"chain\":{chain},\"hop\":0}}}}"
        );

    private static string Yaml(string redisHost, int steps) =>
        ComponentYaml.Of(
            ChainApp.Binding,
            "bindings.darq",
            ("redisHost", redisHost),
            ("appID", "bench"),
            ("direction", "input, output"),
            ("topics", string.Join(',', Enumerable.Range(0, steps).Select(ChainApp.TopicOf)))
        );
}
