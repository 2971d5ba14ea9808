using System.Text;
using Darq.Benchmarks.Client;
using Darq.Benchmarks.Measuring;
using Darq.Benchmarks.Processes;
using Darq.Benchmarks.Reference;
using Darq.Benchmarks.Scenarios;
using Darq.Tests.Shared;

namespace Darq.Benchmarks.Sidecars;

/// <summary>One client that reads or writes one value after the other through the sidecar; all of them exist from the beginning.</summary>
internal sealed class SidecarStateScenario(Stage stage, bool writes) : SidecarScenario<SidecarPod>(stage)
{
    private const int Keys = 1_000;

    private static readonly Uri Store = new($"v1.0/state/{Stage.State}", UriKind.Relative);

    private readonly byte[][] _writes = [.. Enumerable.Range(0, Keys).Select(Writing)];
    private readonly Uri[] _reads = [.. Enumerable.Range(0, Keys).Select(key => new Uri($"{Store}/key-{key}", UriKind.Relative))];
    private int _lastKey;

    public override string Unit => "key";

    protected override async Task<SidecarPod> StartPodAsync(string socketsFolder)
    {
        var pod = await SidecarPod.StartAsync(socketsFolder, [ComponentYaml.Of(Stage.State, "state.darq", ("redisHost", Stage.RedisHost))]);
        await Parallel.ForEachAsync(_writes, async (writing, _) => await pod.PostAsync(Store, writing));
        return pod;
    }

    protected override Task<Round> RunAsync(SidecarPod pod, TimeSpan duration) =>
        Workers.RunAsync(1, duration, _ => writes ? pod.PostAsync(Store, _writes[NextKey()]) : GetAsync(pod, _reads[NextKey()]));

    private int NextKey() => _lastKey = (_lastKey + 1) % Keys;

    private static async Task GetAsync(SidecarPod pod, Uri path)
    {
        if ((await pod.GetAsync(path)).Length != PayloadBytes)
        {
            throw new LoadFailedException($"{path} gave another value than was set");
        }
    }

    private static byte[] Writing(int key) =>
        [.. Encoding.ASCII.GetBytes($"[{{\"key\":\"key-{key}\",\"value\":"), .. Payload.Value(PayloadBytes), .. "}]"u8];
}
