using Darq.Benchmarks.Client;
using Darq.Protos;
using Darq.Tests.Shared;
using Google.Protobuf;
using Xunit;

namespace Darq.Tests.Integration.Benchmarks;

/// <summary>The load generator's own client: figures are only as good as it is.</summary>
[Trait("Lane", "Slow")]
public sealed class LoadConnectionTests
{
    private const int Outstanding = 8;

    // Several times what either side takes on one call before it gives window back.
    private const int LargeBytes = 3 << 20;

    [Fact]
    public async Task A_call_that_fails_ends_the_load()
    {
        await using var component = await ComponentProcess.StartAsync();
        using var connection = new LoadConnection(component.Socket);

        var fault = Assert.Throws<LoadFailedException>(() =>
            connection.Ask(new("StateStore", "Get", "nobody"), new GetRequest { Key = "k" })
        );

        Assert.Contains("MISCONFIGURED", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Messages_larger_than_the_windows_go_both_ways_at_once_and_none_waits_for_ever()
    {
        await using var redis = await RedisServer.StartAsync(new RedisOptions { AppendOnly = false });
        await using var component = await ComponentProcess.StartAsync();
        using var connection = new LoadConnection(component.Socket);
        connection.Ask(
            new("StateStore", "Init", "st"),
            new InitRequest { Metadata = new MetadataRequest { Properties = { ["redisHost"] = redis.Host } } }
        );
        var writing = new Template(new SetRequest { Key = "large", Value = ByteString.CopyFrom(new byte[LargeBytes]) });
        var reading = new Template(new GetRequest { Key = "large" });
        var sink = new Counting();

        connection.Ask(new("StateStore", "Set", "st"), new SetRequest { Key = "large", Value = ByteString.CopyFrom(new byte[LargeBytes]) });
        for (var i = 0; i < Outstanding; i++)
        {
            connection.Start(new("StateStore", "Set", "st"), sink, writing.Bytes);
            connection.Start(new("StateStore", "Get", "st"), sink, reading.Bytes);
        }

        await Task.Run(() =>
            {
                while (sink.Completions < 2 * Outstanding)
                {
                    connection.Pump();
                }
            })
            .WaitAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(Outstanding, sink.LargeAnswers);
    }

    private sealed class Counting : ICallSink
    {
        public int Completions { get; private set; }

        public int LargeAnswers { get; private set; }

        public void Received(Call call, ReadOnlySpan<byte> message)
        {
            if (message.Length >= LargeBytes)
            {
                LargeAnswers++;
            }
        }

        public void Completed(Call call) => Completions++;
    }
}
