using System.Globalization;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Demo;

/// <summary>The demo under many faults, seed after seed. DARQ_DEMO_SEEDS=first-last takes others than 1 to 20.</summary>
[Trait("Lane", "Long")]
public sealed class DemoSeedsTests
{
    private static readonly TimeSpan RunTimeout = TimeSpan.FromMinutes(7);

    public static TheoryData<int> Seeds()
    {
        var range = Environment.GetEnvironmentVariable("DARQ_DEMO_SEEDS") ?? "1-20";
        var ends = range.Split('-').Select(end => int.Parse(end, CultureInfo.InvariantCulture)).ToArray();
        return [.. Enumerable.Range(ends[0], ends[^1] - ends[0] + 1)];
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Books_balance_after_fifteen_faults(int seed)
    {
        await using var demo = await ChildProcess.StartAsync(
            Repository.PathOf("demo.sh"),
            // Half of the seeds with sidecars that dispatch concurrently, and half of either with ones that acknowledge falsely.
            [
                "--transfers",
                "2000",
                "--chaos",
                "15",
                "--seed",
                $"{seed}",
                .. seed % 2 == 0 ? ["--concurrent"] : Array.Empty<string>(),
                .. seed % 4 < 2 ? ["--false-acks"] : Array.Empty<string>(),
            ]
        );
        var code = await demo.WaitForExitAsync(RunTimeout);

        Assert.True(code == 0, demo.Output.ToString());
        Assert.Equal("BOOKS BALANCE", demo.Output.All[^1]);
    }
}
