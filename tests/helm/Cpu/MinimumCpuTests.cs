using System.Diagnostics;
using Darq.Tests.Contract;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Helm.Cpu;

/// <summary>A tenth of a processor is enough for a start: measured with the released binary in a control group of that size.</summary>
[Trait("Lane", "Slow")]
public sealed class MinimumCpuTests
{
    public const int Millicores = 100;

    /// <summary>A sidecar without <c>initTimeout</c> waits this long for Init.</summary>
    private static readonly TimeSpan SidecarPatience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_tenth_of_a_processor_is_enough_for_start_and_Init()
    {
        var binary = Repository.PathOf(".tools", "released", "darq");
        Assert.SkipUnless(File.Exists(binary), "the released binary is not built; tests/native.sh builds it");
        using var limit = CpuLimit.TryCreate(Millicores, out var why);
        Assert.SkipWhen(limit is null, why);
        await using var redis = await RedisServer.StartAsync();
        using var folder = new TempFolder();
        var clock = Stopwatch.StartNew();
        await using var component = await StartAsync(binary, limit!, folder);
        await component.ReadyAsync(() => UnixSocket.AcceptsAsync(folder.PathOf("darq.sock")), StartTimeout, "the component listens");
        var listens = clock.Elapsed;

        clock.Restart();
        using var client = new ComponentClient(folder.PathOf("darq.sock"), "pubsub");
        await client.InitPubSubAsync(("redisHost", redis.Host), ("consumerID", "orders"));
        var init = clock.Elapsed;

        TestContext.Current.SendDiagnosticMessage(
            $"with {Millicores} millicores: listens in {listens.TotalMilliseconds:0} ms, Init in {init.TotalMilliseconds:0} ms"
        );
        Assert.True(init < SidecarPatience, $"Init took {init.TotalSeconds:0.0} s with {Millicores} millicores");
        Assert.True(listens < SidecarPatience, $"Listening took {listens.TotalSeconds:0.0} s with {Millicores} millicores");
    }

    private static Task<ChildProcess> StartAsync(string binary, CpuLimit limit, TempFolder folder) =>
        ChildProcess.StartAsync(
            "sh",
            ["-c", "echo $$ > \"$0\" && exec \"$1\"", limit.Processes, binary],
            new Dictionary<string, string?> { ["DAPR_COMPONENTS_SOCKETS_FOLDER"] = folder.FullPath, ["DARQ_ADMIN_ADDRESS"] = "127.0.0.1:0" }
        );
}
