using Darq.Protos;
using Darq.Tests.Shared.GrpcClient;
using Google.Protobuf;
using Xunit;

namespace Darq.Tests.Contract;

/// <summary>"The key must not exist", for SDKs that have no option for it: an etag, or metadata of the operation.</summary>
[Collection(SharedComponent.Name)]
public sealed class MustNotExistTests(ComponentFixture fixture)
{
    [Theory]
    [InlineData("absent", "", "")]
    [InlineData("", "concurrency", "first-write")]
    [InlineData("", "Concurrency", "First-Write")]
    public async Task A_value_is_saved_where_there_is_none_and_only_there(string etag, string name, string value)
    {
        using var client = await InitAsync();
        var key = fixture.Name("key");

        Assert.Equal(GrpcStatus.OK, await client.RefusalAsync("StateStore/Set", Set(key, "1", etag, name, value)));
        var single = await client.RefusalAsync("StateStore/Set", Set(key, "2", etag, name, value));
        var bulk = await client.RefusalAsync("StateStore/BulkSet", new BulkSetRequest { Items = { Set(key, "3", etag, name, value) } });
        var transaction = await TransactAsync(client, new TransactionalStateOperation { Set = Set(key, "4", etag, name, value) });

        Assert.Equal(
            [GrpcCode.FailedPrecondition, GrpcCode.FailedPrecondition, GrpcCode.Aborted],
            [single.Code, bulk.Code, transaction.Code]
        );
        Assert.All([single, bulk, transaction], refused => Assert.StartsWith("CONFLICT", refused.Message, StringComparison.Ordinal));
        Assert.Equal("1", await ValueAsync(client, key));
    }

    [Fact]
    public async Task A_transaction_may_ask_that_a_key_it_deletes_is_absent()
    {
        using var client = await InitAsync();
        var (guard, key) = (fixture.Name("key"), fixture.Name("key"));
        TransactionalStateOperation[] Operations(string value) =>
            [
                new()
                {
                    Delete = new DeleteRequest
                    {
                        Key = guard,
                        Etag = new Etag { Value = "absent" },
                    },
                },
                new() { Set = Set(key, value) },
            ];

        Assert.Equal(GrpcStatus.OK, await TransactAsync(client, Operations("1")));
        await client.CallAsync("StateStore/Set", Set(guard, "x"), SetResponse.Parser);

        Assert.StartsWith("CONFLICT", (await TransactAsync(client, Operations("2"))).Message, StringComparison.Ordinal);
        Assert.Equal("1", await ValueAsync(client, key));
    }

    [Fact]
    public async Task The_metadata_of_an_operation_goes_before_its_option()
    {
        using var client = await InitAsync();
        var key = fixture.Name("key");
        var lastWrite = Set(key, "2", "absent", "concurrency", "last-write");
        lastWrite.Options = new StateOptions { Concurrency = StateOptions.Types.StateConcurrency.ConcurrencyFirstWrite };

        await client.CallAsync("StateStore/Set", Set(key, "1"), SetResponse.Parser);
        await client.CallAsync("StateStore/Set", lastWrite, SetResponse.Parser);

        Assert.Equal("2", await ValueAsync(client, key));
    }

    [Fact]
    public async Task Other_words_and_other_places_are_refused()
    {
        using var client = await InitAsync();
        var key = fixture.Name("key");

        var word = await client.RefusalAsync("StateStore/Set", Set(key, "1", "", "concurrency", "first"));
        var whole = await client.RefusalAsync(
            "TransactionalStateStore/Transact",
            new TransactionalStateRequest
            {
                Operations = { new TransactionalStateOperation { Set = Set(key, "1") } },
                Metadata = { ["concurrency"] = "first-write" },
            }
        );

        Assert.Equal("INVALID: concurrency is 'first'; accepted: first-write or last-write.", word.Message);
        Assert.Contains("it belongs to the metadata of one of its operations", whole.Message, StringComparison.Ordinal);
        Assert.Equal("", await ValueAsync(client, key));
    }

    [Theory]
    [InlineData("upsert", ",\"value\":2")]
    [InlineData("delete", "")]
    public async Task A_step_of_a_binding_says_it_with_the_etag_too(string op, string value)
    {
        using var binding = await BindingClient.InitAsync(fixture);
        await binding.Client.InitStateAsync(("redisHost", fixture.Redis.Host));
        var (guard, read) = (fixture.Name("key"), fixture.Name("key"));
        string Step(string kept) =>
            $$"""
                {"reads":[{"key":"{{read}}","etag":"absent"}],
                 "state":[{"op":"{{op}}","key":"{{guard}}"{{value}},"etag":"absent"},{"op":"upsert","key":"{{kept}}","value":1}]}
                """;

        Assert.Equal("OK", await binding.OutcomeAsync(Step(fixture.Name("key"))));
        await binding.StepAsync($$"""{"state":[{"op":"upsert","key":"{{guard}}","value":1}]}""");

        Assert.Equal("CONFLICT", await binding.OutcomeAsync(Step(read)));
        Assert.Null(await binding.StoredAsync($"app||{read}"));
    }

    private async Task<ComponentClient> InitAsync()
    {
        var client = fixture.Client();
        await client.InitStateAsync(("redisHost", fixture.Redis.Host));
        return client;
    }

    private static SetRequest Set(string key, string value, string etag = "", string name = "", string metadata = "")
    {
        var request = new SetRequest { Key = key, Value = ByteString.CopyFromUtf8(value) };
        if (etag.Length > 0)
        {
            request.Etag = new Etag { Value = etag };
        }

        if (name.Length > 0)
        {
            request.Metadata[name] = metadata;
        }

        return request;
    }

    private static Task<GrpcStatus> TransactAsync(ComponentClient client, params TransactionalStateOperation[] operations) =>
        client.RefusalAsync("TransactionalStateStore/Transact", new TransactionalStateRequest { Operations = { operations } });

    private static async Task<string> ValueAsync(ComponentClient client, string key) =>
        (await client.CallAsync("StateStore/Get", new GetRequest { Key = key }, GetResponse.Parser)).Data.ToStringUtf8();
}
