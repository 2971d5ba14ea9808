using System.Diagnostics;
using Darq.Benchmarks.Measuring;
using Darq.Benchmarks.Processes;

namespace Darq.Benchmarks.Sidecars;

/// <summary>
/// Two hundred messages a second from the app's call that publishes one to the app's handler that gets it: how long a message takes on a
/// quiet machine, and what processor time its wake-ups cost.
/// </summary>
internal sealed class SidecarPacedScenario(Stage stage) : SidecarScenario<TopicPod>(stage)
{
    private const int PerSecond = 200;

    public override string Unit => "message";

    protected override Task<TopicPod> StartPodAsync(string socketsFolder) => TopicPod.StartAsync(socketsFolder, Stage.RedisHost);

    protected override Task<Round> RunAsync(TopicPod pod, TimeSpan duration)
    {
        var events = (int)(duration.TotalSeconds * PerSecond);
        return pod.TakeAsync(events, (began, now) => now - began, () => PublishAsync(pod, events));
    }

    /// <summary>
    /// An event may be sent a little late, which is how exactly a process can wait; the next one is due as if it had not been.
    /// </summary>
    private static async Task PublishAsync(TopicPod pod, int events)
    {
        var start = Stopwatch.GetTimestamp();
        var publishing = new List<Task>(events);
        for (var i = 0; i < events; i++)
        {
            var early = TimeSpan.FromSeconds((double)i / PerSecond) - Stopwatch.GetElapsedTime(start);
            if (early > TimeSpan.Zero)
            {
                await Task.Delay(early);
            }

            publishing.Add(pod.PublishAsync());
        }

        await Task.WhenAll(publishing);
    }
}
