using System.Diagnostics;
using Darq.Benchmarks.Measuring;
using Darq.Benchmarks.Processes;

namespace Darq.Benchmarks.Sidecars;

/// <summary>
/// A full topic that the app empties, of which a sidecar with serial dispatch hands it one message at a time. What is timed is how long the
/// next one takes after one was taken.
/// </summary>
internal sealed class SidecarDrainScenario(Stage stage) : SidecarScenario<TopicPod>(stage)
{
    private const int PerSecondOfRound = 1_000;

    public override string Unit => "message";

    protected override Task<TopicPod> StartPodAsync(string socketsFolder) => TopicPod.StartAsync(socketsFolder, Stage.RedisHost);

    protected override Task BeforeAsync(TopicPod pod, TimeSpan duration)
    {
        pod.Hold();
        return pod.PublishAsync(MessagesIn(duration));
    }

    protected override Task<Round> RunAsync(TopicPod pod, TimeSpan duration)
    {
        var last = Stopwatch.GetTimestamp();
        return pod.TakeAsync(MessagesIn(duration), SinceLast, () => Task.CompletedTask);

        long SinceLast(long began, long now)
        {
            var since = now - last;
            last = now;
            return since;
        }
    }

    private static int MessagesIn(TimeSpan duration) => (int)(duration.TotalSeconds * PerSecondOfRound);
}
