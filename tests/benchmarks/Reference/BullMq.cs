using System.Globalization;
using System.Net.Http.Json;
using Darq.Benchmarks.Client;
using Darq.Benchmarks.Measuring;
using Darq.Tests.Shared;

namespace Darq.Benchmarks.Reference;

/// <summary>The queue library BullMQ in a process of Node.js, <c>bullmq/queue.js</c>, which measures its rounds itself.</summary>
internal sealed class BullMq : IAsyncDisposable
{
    private const string Program = "node";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ChildProcess _process;
    private readonly HttpClient _http;

    private BullMq(ChildProcess process, HttpClient http) => (_process, _http) = (process, http);

    public int ProcessId => _process.Id;

    private static string Folder => Repository.PathOf("tests", "benchmarks", "bullmq");

    /// <summary>What is missing on this machine, or null.</summary>
    public static string? Missing()
    {
        var path = Environment.GetEnvironmentVariable("PATH") ?? "";
        if (!path.Split(':').Any(folder => File.Exists(Path.Combine(folder, Program))))
        {
            return "node is missing; Node.js 18 or newer is needed, with npm";
        }

        return File.Exists(Path.Combine(Folder, "node_modules", ".installed"))
            ? null
            : "its npm packages are missing; `tests/tools.sh node` installs them, if there is npm";
    }

    public static async Task<BullMq> StartAsync(int redisPort, int concurrency, int jobBytes)
    {
        var process = await ChildProcess.StartAsync(Program, ["queue.js", $"{redisPort}", $"{concurrency}", $"{jobBytes}"], folder: Folder);
        var line = await process.WaitForLineAsync(@"listening on port (\d+)", Patience);
        return new(process, new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{line.Groups[1].Value}/") });
    }

    /// <summary>Publishes so many jobs and works on all of them.</summary>
    public async Task<Round> RunAsync(long jobs)
    {
        try
        {
            var answer = await _http.GetFromJsonAsync<Answer>(jobs.ToString(CultureInfo.InvariantCulture));
            var latency = new Histogram();
            foreach (var microseconds in answer!.Latencies)
            {
                latency.Record(microseconds * 1000);
            }

            return new(latency.Count, answer.Seconds, latency);
        }
        catch (HttpRequestException)
        {
            throw new LoadFailedException($"BullMQ failed: {_process.Output}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _process.DisposeAsync();
    }

    private sealed record Answer(double Seconds, long[] Latencies);
}
