using Darq.Protos;
using Darq.Tests.Shared;
using Darq.Tests.Shared.GrpcClient;
using Google.Protobuf;
using Google.Rpc;
using Xunit;

namespace Darq.Tests.Contract;

[Collection(SharedComponent.Name)]
public sealed class StateTests(ComponentFixture fixture)
{
    private static readonly StateOptions FirstWrite = new() { Concurrency = StateOptions.Types.StateConcurrency.ConcurrencyFirstWrite };
    private static readonly StateOptions LastWrite = new() { Concurrency = StateOptions.Types.StateConcurrency.ConcurrencyLastWrite };

    [Fact]
    public async Task A_missing_key_has_no_data_no_etag_and_no_metadata()
    {
        using var client = await InitAsync();
        var missing = await GetAsync(client, fixture.Name("key"));
        Assert.Equal((0, true, 0), (missing.Data.Length, missing.Etag is null, missing.Metadata.Count));
    }

    [Fact]
    public async Task A_key_with_an_empty_value_has_an_etag()
    {
        using var client = await InitAsync();
        var key = fixture.Name("key");
        await SetAsync(client, new SetRequest { Key = key });
        var found = await GetAsync(client, key);
        Assert.Equal(0, found.Data.Length);
        Assert.NotEmpty(found.Etag.Value);
    }

    [Fact]
    public async Task A_value_of_all_256_bytes_comes_back_as_it_was()
    {
        using var client = await InitAsync();
        var key = fixture.Name("key");
        var value = ByteString.CopyFrom([.. Enumerable.Range(0, 256).Select(number => (byte)number)]);
        await SetAsync(client, new SetRequest { Key = key, Value = value });
        Assert.Equal(value, (await GetAsync(client, key)).Data);
    }

    [Fact]
    public async Task Each_write_gives_another_etag_also_after_a_delete()
    {
        using var client = await InitAsync();
        var key = fixture.Name("key");
        HashSet<string> etags = [];
        for (var i = 0; i < 3; i++)
        {
            await SetAsync(client, Text(key, "same"));
            etags.Add((await GetAsync(client, key)).Etag.Value);
            await client.CallAsync("StateStore/Delete", new DeleteRequest { Key = key }, DeleteResponse.Parser);
        }

        Assert.Equal(3, etags.Count);
    }

    [Fact]
    public async Task A_write_with_the_current_etag_succeeds_and_with_an_older_one_is_a_mismatch()
    {
        using var client = await InitAsync();
        var key = fixture.Name("key");
        await SetAsync(client, Text(key, "1"));
        var etag = (await GetAsync(client, key)).Etag;
        await SetAsync(client, Text(key, "2", etag));

        AssertMismatch(await client.RefusalAsync("StateStore/Set", Text(key, "3", etag)));
        AssertMismatch(await client.RefusalAsync("StateStore/Delete", new DeleteRequest { Key = key, Etag = etag }));
        Assert.Equal("2", (await GetAsync(client, key)).Data.ToStringUtf8());
    }

    [Fact]
    public async Task An_etag_on_a_missing_key_is_a_mismatch()
    {
        using var client = await InitAsync();
        var key = fixture.Name("key");
        await SetAsync(client, Text(key, "1"));
        var etag = (await GetAsync(client, key)).Etag;
        AssertMismatch(await client.RefusalAsync("StateStore/Set", Text(fixture.Name("key"), "1", etag)));
        AssertMismatch(await client.RefusalAsync("StateStore/Delete", new DeleteRequest { Key = fixture.Name("key"), Etag = etag }));
    }

    [Fact]
    public async Task An_etag_that_cannot_be_one_is_invalid_in_the_same_shape()
    {
        using var client = await InitAsync();
        var refused = await client.RefusalAsync("StateStore/Set", Text(fixture.Name("key"), "1", new Etag { Value = "bad" }));
        Assert.Equal(GrpcCode.InvalidArgument, refused.Code);
        AssertEtagViolation(refused);
    }

    [Fact]
    public async Task An_empty_etag_asks_for_no_comparison()
    {
        using var client = await InitAsync();
        var key = fixture.Name("key");
        await SetAsync(client, Text(key, "1"));
        await SetAsync(client, Text(key, "2", new Etag()));
        Assert.Equal("2", (await GetAsync(client, key)).Data.ToStringUtf8());
    }

    [Fact]
    public async Task First_write_without_an_etag_succeeds_once()
    {
        using var client = await InitAsync();
        var key = fixture.Name("key");
        var request = Text(key, "1");
        request.Options = FirstWrite;
        await SetAsync(client, request);
        AssertMismatch(await client.RefusalAsync("StateStore/Set", request));
    }

    [Fact]
    public async Task Last_write_ignores_the_etag()
    {
        using var client = await InitAsync();
        var key = fixture.Name("key");
        await SetAsync(client, Text(key, "1"));
        var etag = (await GetAsync(client, key)).Etag;
        await SetAsync(client, Text(key, "2"));
        var request = Text(key, "3", etag);
        request.Options = LastWrite;
        await SetAsync(client, request);
        Assert.Equal("3", (await GetAsync(client, key)).Data.ToStringUtf8());
    }

    [Fact]
    public async Task Reads_and_writes_say_when_they_want_to_be_answered_and_another_word_is_refused()
    {
        using var client = await InitAsync();
        var key = fixture.Name("key");
        var write = Text(key, "1");
        write.Options = new StateOptions { Consistency = StateOptions.Types.StateConsistency.ConsistencyEventual };
        await SetAsync(client, write);
        var read = new GetRequest { Key = key, Metadata = { ["darq.ack"] = "speculative" } };
        Assert.Equal("1", (await client.CallAsync("StateStore/Get", read, GetResponse.Parser)).Data.ToStringUtf8());

        read.Metadata["darq.ack"] = "soon";
        var refused = await client.RefusalAsync("StateStore/Get", read);
        Assert.Equal(GrpcCode.InvalidArgument, refused.Code);
        Assert.Equal("INVALID: darq.ack is 'soon'; accepted: durable or speculative.", refused.Message);
    }

    [Fact]
    public async Task Deleting_a_missing_key_succeeds()
    {
        using var client = await InitAsync();
        await client.CallAsync(
            "StateStore/Delete",
            new DeleteRequest { Key = fixture.Name("key"), Options = FirstWrite },
            DeleteResponse.Parser
        );
    }

    [Fact]
    public async Task A_time_to_live_is_shown_expires_and_is_taken_away_by_a_plain_write()
    {
        using var client = await InitAsync();
        var (expiring, kept) = (fixture.Name("key"), fixture.Name("key"));
        foreach (var key in new[] { expiring, kept })
        {
            var request = Text(key, "1");
            request.Metadata["ttlInSeconds"] = "1";
            await SetAsync(client, request);
        }

        var expiry = DateTimeOffset.Parse(
            (await GetAsync(client, expiring)).Metadata["ttlExpireTime"],
            System.Globalization.CultureInfo.InvariantCulture
        );
        Assert.InRange(expiry, DateTimeOffset.UtcNow.AddSeconds(-1), DateTimeOffset.UtcNow.AddSeconds(2));
        await SetAsync(client, Text(kept, "2"));
        Assert.Empty((await GetAsync(client, kept)).Metadata);
        await Eventually.TrueAsync(
            async () => (await GetAsync(client, expiring)).Etag is null,
            TimeSpan.FromSeconds(5),
            "the value expires"
        );
        Assert.Equal("2", (await GetAsync(client, kept)).Data.ToStringUtf8());
    }

    [Fact]
    public async Task A_time_to_live_of_zero_or_less_means_none_and_another_text_is_refused()
    {
        using var client = await InitAsync(("ttlInSeconds", "60"));
        var key = fixture.Name("key");
        await SetAsync(client, Text(key, "1"));
        Assert.Contains("ttlExpireTime", (await GetAsync(client, key)).Metadata.Keys);
        var request = Text(key, "2");
        request.Metadata["ttlInSeconds"] = "-1";
        await SetAsync(client, request);
        Assert.Empty((await GetAsync(client, key)).Metadata);

        request.Metadata["ttlInSeconds"] = "soon";
        var refused = await client.RefusalAsync("StateStore/Set", request);
        Assert.Equal(GrpcCode.InvalidArgument, refused.Code);
        Assert.Contains("ttlInSeconds", refused.Message, StringComparison.Ordinal);
        Assert.Null(refused.Details);
    }

    [Fact]
    public async Task A_bulk_get_answers_every_key_in_order_found_or_not()
    {
        using var client = await InitAsync();
        var (a, missing, b) = (fixture.Name("key"), fixture.Name("key"), fixture.Name("key"));
        await SetAsync(client, Text(a, "A"));
        await SetAsync(client, Text(b, "B"));
        var request = new BulkGetRequest
        {
            Items =
            {
                new GetRequest { Key = b },
                new GetRequest { Key = missing },
                new GetRequest { Key = a },
                new GetRequest { Key = b },
            },
        };
        var items = (await client.CallAsync("StateStore/BulkGet", request, BulkGetResponse.Parser)).Items;

        Assert.Equal([b, missing, a, b], items.Select(item => item.Key));
        Assert.Equal(["B", "", "A", "B"], items.Select(item => item.Data.ToStringUtf8()));
        Assert.Equal([true, false, true, true], items.Select(item => item.Etag is not null));
        Assert.All(items, item => Assert.Equal("", item.Error));
    }

    [Fact]
    public async Task Bulk_calls_without_items_are_fine()
    {
        using var client = await InitAsync();
        Assert.Empty((await client.CallAsync("StateStore/BulkGet", new BulkGetRequest(), BulkGetResponse.Parser)).Items);
        await client.CallAsync("StateStore/BulkSet", new BulkSetRequest(), BulkSetResponse.Parser);
        await client.CallAsync("StateStore/BulkDelete", new BulkDeleteRequest(), BulkDeleteResponse.Parser);
    }

    [Fact]
    public async Task A_bulk_write_tries_every_item_and_then_reports_one_mismatch()
    {
        using var client = await InitAsync();
        var (a, b, c) = (fixture.Name("key"), fixture.Name("key"), fixture.Name("key"));
        await SetAsync(client, Text(b, "old"));
        var etag = (await GetAsync(client, b)).Etag;
        await SetAsync(client, Text(b, "newer"));

        AssertMismatch(
            await client.RefusalAsync(
                "StateStore/BulkSet",
                new BulkSetRequest { Items = { Text(a, "1"), Text(b, "2", etag), Text(c, "3") } }
            )
        );
        Assert.Equal(["1", "newer", "3"], await ValuesAsync(client, a, b, c));
        AssertMismatch(
            await client.RefusalAsync(
                "StateStore/BulkDelete",
                new BulkDeleteRequest
                {
                    Items =
                    {
                        new DeleteRequest { Key = a },
                        new DeleteRequest { Key = b, Etag = etag },
                        new DeleteRequest { Key = c },
                    },
                }
            )
        );
        Assert.Equal(["", "newer", ""], await ValuesAsync(client, a, b, c));
    }

    [Fact]
    public async Task A_transaction_applies_all_in_order()
    {
        using var client = await InitAsync();
        var (a, b) = (fixture.Name("key"), fixture.Name("key"));
        await TransactAsync(client, Set(Text(a, "1")), Set(Text(b, "2")), Delete(a), Set(Text(a, "3")), Delete(fixture.Name("key")));
        Assert.Equal(["3", "2"], await ValuesAsync(client, a, b));
    }

    [Fact]
    public async Task A_transaction_with_one_mismatch_applies_nothing_and_its_text_starts_with_CONFLICT()
    {
        using var client = await InitAsync();
        var (a, b) = (fixture.Name("key"), fixture.Name("key"));
        await SetAsync(client, Text(b, "old"));
        var etag = (await GetAsync(client, b)).Etag;
        await SetAsync(client, Text(b, "newer"));

        var refused = await client.RefusalAsync(
            "TransactionalStateStore/Transact",
            new TransactionalStateRequest { Operations = { Set(Text(a, "1")), Set(Text(b, "2", etag)) } }
        );
        Assert.Equal(GrpcCode.Aborted, refused.Code);
        Assert.StartsWith("CONFLICT", refused.Message, StringComparison.Ordinal);
        Assert.Null(refused.Details);
        Assert.Equal(["", "newer"], await ValuesAsync(client, a, b));
    }

    [Fact]
    public async Task A_transaction_without_operations_is_fine_and_an_operation_of_no_kind_is_not()
    {
        using var client = await InitAsync();
        await TransactAsync(client);
        var refused = await client.RefusalAsync(
            "TransactionalStateStore/Transact",
            new TransactionalStateRequest { Operations = { new TransactionalStateOperation() } }
        );
        Assert.Equal(GrpcCode.InvalidArgument, refused.Code);
    }

    [Fact]
    public async Task A_transaction_with_a_token_is_a_step_that_takes_effect_once()
    {
        using var client = await InitAsync();
        await client.InitPubSubAsync(("redisHost", fixture.Redis.Host), ("consumerID", "app"));
        var (topic, receipts, key) = (fixture.Name("topic"), fixture.Name("topic"), fixture.Name("key"));
        using var pull = await PullClient.OpenAsync(client, topic);
        using var emitted = await PullClient.OpenAsync(client, receipts);
        await client.PublishAsync(topic, "{}");
        var delivery = await pull.NextAsync();
        var step = new TransactionalStateRequest
        {
            Operations = { Set(Text(key, "1")) },
            Metadata =
            {
                ["darq.token"] = delivery.Metadata["darq-token"],
                ["darq.emit"] = $$$"""[{"topic":"{{{receipts}}}","data":{"n":1}}]""",
            },
        };

        await client.CallAsync("TransactionalStateStore/Transact", step, TransactionalStateResponse.Parser);
        var etag = (await GetAsync(client, key)).Etag;
        await client.CallAsync("TransactionalStateStore/Transact", step, TransactionalStateResponse.Parser);
        await pull.AckAsync(delivery.Id);

        Assert.Equal(etag, (await GetAsync(client, key)).Etag);
        var receipt = await emitted.NextAsync();
        Assert.Contains("\"n\":1", receipt.Data.ToStringUtf8(), StringComparison.Ordinal);
        await emitted.AckAsync(receipt.Id);
        Assert.True(await emitted.IsQuietAsync(TimeSpan.FromMilliseconds(500)));
        Assert.True(await pull.IsQuietAsync(TimeSpan.FromMilliseconds(100)));
    }

    private async Task<ComponentClient> InitAsync(params (string Key, string Value)[] metadata)
    {
        var client = fixture.Client();
        await client.InitStateAsync([("redisHost", fixture.Redis.Host), .. metadata]);
        return client;
    }

    private static SetRequest Text(string key, string value, Etag? etag = null) =>
        new()
        {
            Key = key,
            Value = ByteString.CopyFromUtf8(value),
            Etag = etag,
        };

    private static TransactionalStateOperation Set(SetRequest request) => new() { Set = request };

    private static TransactionalStateOperation Delete(string key) => new() { Delete = new DeleteRequest { Key = key } };

    private static Task<SetResponse> SetAsync(ComponentClient client, SetRequest request) =>
        client.CallAsync("StateStore/Set", request, SetResponse.Parser);

    private static Task<GetResponse> GetAsync(ComponentClient client, string key) =>
        client.CallAsync("StateStore/Get", new GetRequest { Key = key }, GetResponse.Parser);

    private static Task<TransactionalStateResponse> TransactAsync(
        ComponentClient client,
        params TransactionalStateOperation[] operations
    ) =>
        client.CallAsync(
            "TransactionalStateStore/Transact",
            new TransactionalStateRequest { Operations = { operations } },
            TransactionalStateResponse.Parser
        );

    private static async Task<IEnumerable<string>> ValuesAsync(ComponentClient client, params string[] keys)
    {
        var request = new BulkGetRequest { Items = { keys.Select(key => new GetRequest { Key = key }) } };
        return (await client.CallAsync("StateStore/BulkGet", request, BulkGetResponse.Parser)).Items.Select(item =>
            item.Data.ToStringUtf8()
        );
    }

    private static void AssertMismatch(GrpcStatus refused)
    {
        Assert.Equal(GrpcCode.FailedPrecondition, refused.Code);
        AssertEtagViolation(refused);
    }

    private static void AssertEtagViolation(GrpcStatus refused)
    {
        var status = Status.Parser.ParseFrom(refused.Details);
        Assert.Equal(((int)refused.Code, refused.Message), (status.Code, status.Message));
        Assert.Equal("etag", Assert.Single(Assert.Single(status.Details).Unpack<BadRequest>().FieldViolations).Field);
    }
}
