using System.Globalization;
using Darq.Benchmarks.Measuring;
using Darq.Benchmarks.Processes;
using Darq.Benchmarks.Reference;
using Darq.Benchmarks.Scenarios;
using Darq.Tests.Shared;

namespace Darq.Benchmarks.Sidecars;

/// <summary>
/// Clients that publish one event after the other through the sidecar; nobody subscribes. Every round has a topic of its own.
/// </summary>
internal sealed class SidecarPublishScenario(Stage stage, int clients) : SidecarScenario<SidecarPod>(stage)
{
    private readonly byte[] _data = Payload.Value(PayloadBytes);
    private int _topics;
    private Uri? _path;

    public override string Unit => "message";

    public override Task AfterPairAsync() => Stage.Plain.ClearAsync("*published*");

    protected override Task<SidecarPod> StartPodAsync(string socketsFolder) =>
        SidecarPod.StartAsync(socketsFolder, [ComponentYaml.Of(Stage.PubSub, "pubsub.darq", ("redisHost", Stage.RedisHost))]);

    protected override Task BeforeAsync(SidecarPod pod, TimeSpan duration)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"v1.0/publish/{Stage.PubSub}/published{++_topics}");
        _path = new Uri(path, UriKind.Relative);
        return Task.CompletedTask;
    }

    protected override Task<Round> RunAsync(SidecarPod pod, TimeSpan duration) =>
        Workers.RunAsync(clients, duration, _ => pod.PostAsync(_path!, _data));
}
