using Darq.Benchmarks.Floor;
using Darq.Protos;
using Darq.Tests.Contract;
using Darq.Tests.Shared.GrpcClient;
using Google.Protobuf;
using Xunit;

namespace Darq.Tests.Integration.Benchmarks;

/// <summary>The component that rows compare with: doing the least, it must still do what a load asks of it.</summary>
[Trait("Lane", "Slow")]
public sealed class FloorTests
{
    private const string Topic = "t";

    [Fact]
    public async Task Floor_delivers_what_is_published_before_and_after_the_subscription()
    {
        await using var floor = await FloorProcess.StartAsync();
        using var client = new ComponentClient(floor.Socket, "floor");
        await client.InitPubSubAsync();

        await client.PublishAsync(Topic, "early");
        using var call = client.Open("PubSub/PullMessages");
        await call.WriteAsync(new PullMessagesRequest { Topic = new Topic { Name = Topic } });
        var early = await call.ReadAsync(PullMessagesResponse.Parser);
        await call.WriteAsync(new PullMessagesRequest { AckMessageId = early!.Id });
        await client.PublishAsync(Topic, "late");
        var late = await call.ReadAsync(PullMessagesResponse.Parser);

        Assert.Equal(["early", "late"], [early.Data.ToStringUtf8(), late!.Data.ToStringUtf8()]);
    }

    [Fact]
    public async Task Floor_answers_a_get_with_what_was_set_and_with_nothing_after_a_transaction_that_deletes()
    {
        await using var floor = await FloorProcess.StartAsync();
        using var client = new ComponentClient(floor.Socket, "floor");
        await client.InitStateAsync();
        var value = ByteString.CopyFromUtf8("v");
        var deletion = new TransactionalStateOperation { Delete = new DeleteRequest { Key = "k" } };

        await client.CallAsync("StateStore/Set", new SetRequest { Key = "k", Value = value }, SetResponse.Parser);
        var before = await client.CallAsync("StateStore/Get", new GetRequest { Key = "k" }, GetResponse.Parser);
        await client.CallAsync(
            "TransactionalStateStore/Transact",
            new TransactionalStateRequest { Operations = { deletion } },
            TransactionalStateResponse.Parser
        );
        var after = await client.CallAsync("StateStore/Get", new GetRequest { Key = "k" }, GetResponse.Parser);

        Assert.Equal(value, before.Data);
        Assert.True(after.Data.IsEmpty);
    }

    [Fact]
    public async Task Floor_answers_what_is_published_while_the_subscriber_reads_nothing()
    {
        const int Messages = 500;
        await using var floor = await FloorProcess.StartAsync();
        using var client = new ComponentClient(floor.Socket, "floor");
        await client.InitPubSubAsync();
        using var call = client.Open("PubSub/PullMessages");
        await call.WriteAsync(new PullMessagesRequest { Topic = new Topic { Name = Topic } });

        // Far more than a stream's windows hold.
        var large = new string('x', 1 << 16);
        for (var i = 0; i < Messages; i++)
        {
            await client.PublishAsync(Topic, large);
        }

        for (var i = 0; i < Messages; i++)
        {
            Assert.Equal(large.Length, (await call.ReadAsync(PullMessagesResponse.Parser))!.Data.Length);
        }
    }

    [Fact]
    public async Task Floor_applies_nothing_of_a_transaction_with_the_etag_of_an_older_value()
    {
        await using var floor = await FloorProcess.StartAsync();
        using var client = new ComponentClient(floor.Socket, "floor");
        await client.InitStateAsync();
        await SetAsync(client, "k", "old");
        var old = (await client.CallAsync("StateStore/Get", new GetRequest { Key = "k" }, GetResponse.Parser)).Etag;
        await SetAsync(client, "k", "new");

        var refusal = await client.RefusalAsync("TransactionalStateStore/Transact", Transaction(old));
        var before = await ReadAllAsync(client);
        var current = (await client.CallAsync("StateStore/Get", new GetRequest { Key = "k" }, GetResponse.Parser)).Etag;
        await client.CallAsync("TransactionalStateStore/Transact", Transaction(current), TransactionalStateResponse.Parser);

        Assert.Equal(GrpcCode.FailedPrecondition, refusal.Code);
        Assert.Equal([("other", ""), ("k", "new")], before);
        Assert.Equal([("other", "x"), ("k", "newest")], await ReadAllAsync(client));
    }

    private static async Task SetAsync(ComponentClient client, string key, string value) =>
        await client.CallAsync("StateStore/Set", Setting(key, value), SetResponse.Parser);

    private static SetRequest Setting(string key, string value) => new() { Key = key, Value = ByteString.CopyFromUtf8(value) };

    private static TransactionalStateRequest Transaction(Etag etag)
    {
        var guarded = Setting("k", "newest");
        guarded.Etag = etag;
        return new TransactionalStateRequest
        {
            Operations =
            {
                new TransactionalStateOperation { Set = Setting("other", "x") },
                new TransactionalStateOperation { Set = guarded },
            },
        };
    }

    private static async Task<(string Key, string Value)[]> ReadAllAsync(ComponentClient client)
    {
        var request = new BulkGetRequest
        {
            Items =
            {
                new GetRequest { Key = "other" },
                new GetRequest { Key = "k" },
            },
        };
        var answer = await client.CallAsync("StateStore/BulkGet", request, BulkGetResponse.Parser);
        return [.. answer.Items.Select(item => (item.Key, item.Data.ToStringUtf8()))];
    }
}
