using System.Collections.Concurrent;
using System.Diagnostics;
using Darq.Benchmarks.Client;
using Darq.Benchmarks.Measuring;
using Darq.Benchmarks.Processes;
using Darq.Benchmarks.Scenarios;
using Darq.Tests.Shared;

namespace Darq.Benchmarks.Sidecars;

/// <summary>A pod whose app publishes events through its sidecar and takes them from there again.</summary>
internal sealed class TopicPod : IAsyncDisposable
{
    private const int Publishers = 64;

    // More than a runtime needs to see what is worth compiling well.
    private const int WarmUpEvents = 2_000;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly Uri Path = new($"v1.0/publish/{Stage.PubSub}/{TopicApp.Topic}", UriKind.Relative);

    private readonly TopicApp _app;
    private readonly SidecarPod _pod;
    private readonly ConcurrentDictionary<long, long> _began = new();
    private long _published;

    private TopicPod(TopicApp app, SidecarPod pod) => (_app, _pod) = (app, pod);

    /// <summary>Starts a pod; some events go their way before anything is measured.</summary>
    public static async Task<TopicPod> StartAsync(string socketsFolder, string redisHost)
    {
        var app = new TopicApp();
        var yaml = ComponentYaml.Of(Stage.PubSub, "pubsub.darq", ("redisHost", redisHost));
        var pod = new TopicPod(app, await SidecarPod.StartAsync(socketsFolder, [yaml], app.HandleAsync));
        await pod.TakeAsync(WarmUpEvents, (began, now) => now - began, () => pod.PublishAsync(WarmUpEvents));
        return pod;
    }

    /// <summary>From now on the app answers no event until a round begins.</summary>
    public void Hold() => _app.Hold();

    /// <summary>Publishes one event.</summary>
    public Task PublishAsync()
    {
        var number = Interlocked.Increment(ref _published);
        _began[number] = Stopwatch.GetTimestamp();
        return _pod.PostAsync(Path, Payload.Numbered(number, Scenario.PayloadBytes));
    }

    /// <summary>Publishes so many events, some at once.</summary>
    public Task PublishAsync(int events) =>
        Parallel.ForEachAsync(
            Enumerable.Range(0, events),
            new ParallelOptions { MaxDegreeOfParallelism = Publishers },
            async (_, _) => await PublishAsync()
        );

    /// <summary>
    /// A round that is over when the app has taken so many events; it publishes what is not there yet. <paramref name="took"/> says what
    /// to record of an event, told when its publishing began and when it was taken.
    /// </summary>
    public async Task<Round> TakeAsync(int events, Func<long, long, long> took, Func<Task> publish)
    {
        var latency = new Histogram();
        var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _app.Taken = Take;
        var start = Stopwatch.GetTimestamp();
        _app.Release();
        await publish();
        try
        {
            await over.Task.WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            throw new LoadFailedException($"{events - latency.Count} events were not delivered within {Patience.TotalSeconds:0} s");
        }

        return new(events, Stopwatch.GetElapsedTime(start).TotalSeconds, latency);

        void Take(long number, long now)
        {
            if (!_began.TryRemove(number, out var began))
            {
                over.TrySetException(new LoadFailedException($"event {number} was delivered twice"));
                return;
            }

            lock (latency)
            {
                latency.Record(took(began, now));
                if (latency.Count == events)
                {
                    over.TrySetResult();
                }
            }
        }
    }

    public ValueTask DisposeAsync() => _pod.DisposeAsync();
}
