using Darq.Tests.Shared;

namespace Darq.Benchmarks.Reports;

/// <summary>What Redis' own tool measures on this machine: no reference of any row, but a figure that everybody knows.</summary>
internal static class Orientation
{
    private const string Requests = "100000";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public static async Task<IReadOnlyList<string>> ReadAsync(int clients, int bytes)
    {
        await using var redis = await RedisServer.StartAsync(new RedisOptions { AppendOnly = false });
        string[] common = ["-p", $"{redis.Port}", "-c", $"{clients}", "-n", Requests, "-q"];
        var standard = await RunAsync([.. common, "-d", $"{bytes}", "-t", "set,get"]);
        var append = await RunAsync([.. common, "XADD", "stream", "*", "d", new string('x', bytes)]);
        return [.. standard, .. append.Select(line => "XADD" + line[line.LastIndexOf(": ", StringComparison.Ordinal)..])];
    }

    private static async Task<IReadOnlyList<string>> RunAsync(IReadOnlyList<string> arguments)
    {
        var program = Path.Combine(Path.GetDirectoryName(Tools.RedisServer)!, "redis-benchmark");
        await using var tool = await ChildProcess.StartAsync(program, arguments);
        var code = await tool.WaitForExitAsync(Patience);
        if (code != 0)
        {
            throw new InvalidOperationException($"redis-benchmark ended with {code}: {tool.Output}");
        }

        return
        [
            .. tool.Output.All.Where(line => line.Contains("requests per second", StringComparison.Ordinal)).Select(line => line.Trim()),
        ];
    }
}
