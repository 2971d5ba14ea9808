using System.Diagnostics;
using System.Net.Http.Json;
using Darq.Benchmarks.Client;
using Darq.Benchmarks.Measuring;
using Darq.Tests.Shared;

namespace Darq.Benchmarks.Hops;

/// <summary>A sidecar with the chains' app on one side and a component's socket on the other: the same for both sides of the row.</summary>
internal sealed class ChainPod(Sidecar sidecar, ChainApp app) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private long _chains;

    public static async Task<ChainPod> StartAsync(string socketsFolder, string redisHost)
    {
        var app = await ChainApp.StartAsync();
        var sidecar = await Sidecar.StartAsync(
            new SidecarOptions
            {
                AppId = "bench",
                AppPort = app.Port,
                SocketsFolder = socketsFolder,
                Resources = new Dictionary<string, string> { ["chain.yaml"] = Yaml(redisHost) },
            }
        );
        return new(sidecar, app);
    }

    /// <summary>Keeps a number of chains on their way, each begun when one before it is over.</summary>
    public async Task<Round> RunAsync(int outstanding, TimeSpan duration)
    {
        var latency = new Histogram();
        var start = Stopwatch.GetTimestamp();
        var end = start + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        await Task.WhenAll(
            Enumerable
                .Range(0, outstanding)
                .Select(_ =>
                    Task.Run(async () =>
                    {
                        while (Stopwatch.GetTimestamp() < end)
                        {
                            await PassAsync(Hopped);
                        }
                    })
                )
        );
        return new(latency.Count, duration.TotalSeconds, latency);

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

    public async ValueTask DisposeAsync()
    {
        await sidecar.DisposeAsync();
        await app.DisposeAsync();
    }

    private async Task PassAsync(Action<long, long> hopped)
    {
        var number = Interlocked.Increment(ref _chains);
        var chain = app.Expect(number, hopped);
        var request = new
        {
            operation = "create",
            metadata = new { topic = ChainApp.TopicOf(0) },
            data = new { chain = number, hop = 0 },
        };
        using var answer = await sidecar.Http.PostAsJsonAsync($"v1.0/bindings/{ChainApp.Binding}", request);
        if (!answer.IsSuccessStatusCode)
        {
            throw new LoadFailedException($"a chain was not begun: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        }

        try
        {
            await chain.Over.WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            throw new LoadFailedException($"a chain stood still after {chain.Arrivals} deliveries");
        }
    }

    private static string Yaml(string redisHost) =>
        ComponentYaml.Of(
            ChainApp.Binding,
            "bindings.darq",
            ("redisHost", redisHost),
            ("appID", "bench"),
            ("direction", "input, output"),
            ("topics", string.Join(',', Enumerable.Range(0, ChainApp.Hops).Select(ChainApp.TopicOf)))
        );
}
