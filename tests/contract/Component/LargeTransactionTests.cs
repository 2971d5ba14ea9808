using System.Globalization;
using Darq.Protos;
using Darq.Tests.Shared;
using Google.Protobuf;
using Xunit;

namespace Darq.Tests.Contract;

/// <summary>A transaction as large as a workflow engine's turn or purge, and what the component needs for it.</summary>
[Trait("Lane", "Slow")]
public sealed class LargeTransactionTests(ITestOutputHelper output)
{
    private const int PeakMaxMegabytes = 600;

    [Fact]
    public async Task Sixty_mebibytes_and_a_hundred_thousand_operations_are_taken_in_bounded_memory()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var component = await ComponentProcess.StartAsync();
        using var client = new ComponentClient(component.Socket, "large");
        await client.InitStateAsync(("redisHost", redis.Host));
        var before = PeakMegabytes(component);

        await TransactAsync(client, redis, "20 values of 3 MiB", Enumerable.Range(0, 20).Select(i => ($"large{i}", 3 << 20)));
        await TransactAsync(client, redis, "100,000 values of 100 bytes", Enumerable.Range(0, 100_000).Select(i => ($"many{i}", 100)));

        var peak = PeakMegabytes(component);
        output.WriteLine($"peak {peak} MB, before {before} MB");
        Assert.InRange(peak, before, PeakMaxMegabytes);
    }

    private async Task TransactAsync(ComponentClient client, RedisServer redis, string what, IEnumerable<(string Key, int Bytes)> values)
    {
        var request = new TransactionalStateRequest();
        foreach (var (key, bytes) in values)
        {
            var set = new SetRequest { Key = key, Value = ByteString.CopyFrom(new byte[bytes]) };
            request.Operations.Add(new TransactionalStateOperation { Set = set });
        }

        await redis.CliAsync("CONFIG", "RESETSTAT");
        await client.CallAsync("TransactionalStateStore/Transact", request, TransactionalStateResponse.Parser);
        var stats = await redis.CliAsync("INFO", "commandstats");
        output.WriteLine($"{what}: {stats.Split('\n').First(line => line.StartsWith("cmdstat_fcall:", StringComparison.Ordinal))}");
    }

    private static int PeakMegabytes(ComponentProcess component)
    {
        var status = File.ReadLines($"/proc/{component.Process.Id}/status");
        var line = status.First(text => text.StartsWith("VmHWM:", StringComparison.Ordinal));
        return int.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }
}
