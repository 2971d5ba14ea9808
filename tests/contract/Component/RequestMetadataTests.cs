using Darq.Protos;
using Darq.Tests.Shared.GrpcClient;
using Google.Protobuf;
using Xunit;

namespace Darq.Tests.Contract;

/// <summary>What requests say in their metadata counts in any spelling, is refused with the name that was meant, or does nothing.</summary>
[Collection(SharedComponent.Name)]
public sealed class RequestMetadataTests(ComponentFixture fixture)
{
    [Theory]
    [InlineData("darq-token", ", in the list consume")]
    [InlineData("metadata.darq-token", ", in the list consume")]
    [InlineData("Darq.Emit", ", as emit")]
    [InlineData("darq-attempt", "")]
    public async Task A_step_of_a_binding_refuses_what_belongs_into_its_JSON(string name, string where)
    {
        using var binding = await BindingClient.InitAsync(fixture);

        var refused = await binding.RefusalAsync("{}", (name, "x"));

        Assert.Equal(GrpcCode.InvalidArgument, refused.Code);
        Assert.Equal(
            $"INVALID: metadata {name} is 'x'; accepted: no such metadata with the operation step; put it into the step's JSON{where}.",
            refused.Message
        );
    }

    [Fact]
    public async Task Extend_takes_its_token_in_any_case_and_refuses_a_misspelt_one()
    {
        var topic = fixture.Name("topic");
        using var binding = await BindingClient.InitAsync(fixture, ("topic", topic));
        binding.Open();
        var token = await binding.TokenAsync(topic);

        Assert.Equal("OK", (await binding.InvokeAsync("extend", "", ("Darq.Token", token))).GetProperty("outcome").GetString());

        var request = new InvokeRequest { Operation = "extend", Metadata = { ["darq-token"] = token } };
        var refused = await binding.Client.RefusalAsync("OutputBinding/Invoke", request);
        Assert.Equal(GrpcCode.InvalidArgument, refused.Code);
        Assert.Contains("did you mean darq.token?", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("partition-key", "did you mean partitionKey?")]
    [InlineData("darq.token", "it belongs to the metadata of a state transaction as a whole")]
    public async Task Reading_state_refuses_what_writing_refuses(string name, string why)
    {
        using var client = await StateAsync();
        var get = new GetRequest { Key = "k", Metadata = { [name] = "x" } };

        var (one, many) = (
            await client.RefusalAsync("StateStore/Get", get),
            await client.RefusalAsync(
                "StateStore/BulkGet",
                new BulkGetRequest
                {
                    Items =
                    {
                        new GetRequest { Key = "j" },
                        get,
                    },
                }
            )
        );

        Assert.All(
            [one, many],
            refused =>
            {
                Assert.Equal(GrpcCode.InvalidArgument, refused.Code);
                Assert.Contains(why, refused.Message, StringComparison.Ordinal);
            }
        );
    }

    /// <summary>The cases transaction and transaction-order of Dapr's conformance suite write with it and read with and without.</summary>
    [Fact]
    public async Task A_partitionKey_on_state_changes_nothing()
    {
        var (one, two) = (fixture.Name("key"), fixture.Name("key"));
        using var client = await StateAsync();
        await client.CallAsync(
            "StateStore/Set",
            new SetRequest
            {
                Key = one,
                Value = ByteString.CopyFromUtf8("1"),
                Metadata = { ["partitionKey"] = "p" },
            },
            SetResponse.Parser
        );
        Assert.Equal(["1", "1", "1"], await ReadAsync(client, one));

        await client.CallAsync("TransactionalStateStore/Transact", Transaction(one, two), TransactionalStateResponse.Parser);

        Assert.Equal(["", "", ""], await ReadAsync(client, one));
        Assert.Equal(["4", "4", "4"], await ReadAsync(client, two));
    }

    /// <summary>Upsert, upsert, delete of one key and upsert of another twice, in this order.</summary>
    private static TransactionalStateRequest Transaction(string one, string two) =>
        new()
        {
            Metadata = { ["partitionKey"] = "q" },
            Operations =
            {
                Upsert(one, "2"),
                Upsert(two, "3"),
                new TransactionalStateOperation
                {
                    Delete = new DeleteRequest { Key = one, Metadata = { ["partitionKey"] = "r" } },
                },
                Upsert(two, "4"),
            },
        };

    private static TransactionalStateOperation Upsert(string key, string value) =>
        new()
        {
            Set = new SetRequest
            {
                Key = key,
                Value = ByteString.CopyFromUtf8(value),
                Metadata = { ["partitionKey"] = key },
            },
        };

    /// <summary>The value as it is read without, with one and with another partitionKey; "" where it is absent.</summary>
    private static async Task<string[]> ReadAsync(ComponentClient client, string key)
    {
        var gets = new[]
        {
            new GetRequest { Key = key },
            new() { Key = key },
            new() { Key = key },
        };
        gets[1].Metadata["partitionKey"] = "p";
        gets[2].Metadata["partitionKey"] = "q";
        List<string> values = [];
        foreach (var get in gets)
        {
            values.Add((await client.CallAsync("StateStore/Get", get, GetResponse.Parser)).Data.ToStringUtf8());
        }

        return [.. values];
    }

    private async Task<ComponentClient> StateAsync()
    {
        var client = fixture.Client();
        await client.InitStateAsync(("redisHost", fixture.Redis.Host));
        return client;
    }
}
