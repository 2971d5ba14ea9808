using System.Globalization;
using Darq.Protos;
using Darq.Tests.Contract;
using Darq.Tests.Shared;
using Google.Protobuf;
using Xunit;

namespace Darq.Tests.Integration.Process;

/// <summary>
/// What the component's process weighs while a topic is full. DARQ_WAITING sets how full: a million is what docs/running.md speaks of.
/// </summary>
[Trait("Lane", "Slow")]
public sealed class WaitingMessagesTests(ITestOutputHelper output)
{
    private const int BulkSize = 200;
    private const int MaxPeakMegabytes = 200;

    private static readonly int Waiting = int.Parse(
        Environment.GetEnvironmentVariable("DARQ_WAITING") ?? "50000",
        CultureInfo.InvariantCulture
    );

    [Fact]
    public async Task The_components_memory_is_bounded_however_many_messages_wait()
    {
        await using var redis = await RedisServer.StartAsync(new RedisOptions { AppendOnly = false });
        await using var component = await ComponentProcess.StartAsync();
        using var client = new ComponentClient(component.Socket, "bank");
        await client.InitPubSubAsync(("redisHost", redis.Host), ("consumerID", "slow"), ("maxInFlight", "100"));
        var body = ByteString.CopyFrom(new byte[1024]);
        for (var published = 0; published < Waiting; published += BulkSize)
        {
            var bulk = new BulkPublishRequest { Topic = "waiting", PubsubName = "bank" };
            for (var i = 0; i < BulkSize; i++)
            {
                bulk.Entries.Add(
                    new BulkMessageEntry
                    {
                        EntryId = $"{i}",
                        Event = body,
                        Metadata = { ["partitionKey"] = $"{(published + i) % 1000}" },
                    }
                );
            }

            await client.CallAsync("PubSub/BulkPublish", bulk, BulkPublishResponse.Parser);
        }

        using var stream = client.Open("PubSub/PullMessages");
        await stream.WriteAsync(new PullMessagesRequest { Topic = new Topic { Name = "waiting" } });
        for (var i = 0; i < 2000; i++)
        {
            var delivery = await stream.ReadAsync(PullMessagesResponse.Parser);
            await stream.WriteAsync(new PullMessagesRequest { AckMessageId = delivery!.Id });
        }

        var peak = PeakMegabytes(component.Process.Id);
        output.WriteLine($"{Waiting:N0} messages of 1 KiB waiting: the component's peak is {peak} MB");
        Assert.InRange(peak, 10, MaxPeakMegabytes);
    }

    private static long PeakMegabytes(int processId)
    {
        var line = File.ReadLines($"/proc/{processId}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024;
    }
}
