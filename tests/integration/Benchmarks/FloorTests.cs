using Darq.Benchmarks.Floor;
using Darq.Protos;
using Darq.Tests.Contract;
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
}
