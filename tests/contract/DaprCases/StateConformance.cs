using System.Globalization;
using System.Text;
using Darq.Protos;
using Google.Protobuf;
using Xunit;
using Concurrency = Darq.Protos.StateOptions.Types.StateConcurrency;
using Consistency = Darq.Protos.StateOptions.Types.StateConsistency;

namespace Darq.Tests.Contract.DaprCases;

/// <summary>
/// The cases of Dapr's conformance suite for state stores, by their names there. Three things differ. (1) A bulk answers one fault, where
/// the suite's in-process stores join one for each item: the cases look at the items. (2) An etag that no read can have given is invalid,
/// so the suite's bad etag is a well-formed one here. (3) A write without a time to live removes the earlier one.
/// </summary>
public abstract class StateConformance
{
    private const string Ttl = "ttlInSeconds";
    private const string Expires = "ttlExpireTime";

    private static readonly Etag BadEtag = new() { Value = "1-1" };
    private static readonly StateOptions FirstWrite = new()
    {
        Concurrency = Concurrency.ConcurrencyFirstWrite,
        Consistency = Consistency.ConsistencyStrong,
    };

    private static readonly (string Suffix, byte[] Value)[] Values =
    [
        ("int", "123"u8.ToArray()),
        ("bool", "true"u8.ToArray()),
        ("bytes", [1]),
        ("string-with-json", Encoding.UTF8.GetBytes(@"""{\""a\"":\""b\""}""")),
        ("string", "\"hello world\""u8.ToArray()),
        ("empty-string", "\"\""u8.ToArray()),
        ("struct", """{"message":"test"}"""u8.ToArray()),
        ("nested-struct", """{"product":{"value":15},"status":"ACTIVE","message":"message"}"""u8.ToArray()),
        ("proto", [8, 1, 18, 2, 255, 0]),
        ("nothing", []),
    ];

    [Fact]
    public Task Set_and_get() =>
        PlayAsync(async store =>
        {
            foreach (var (suffix, value) in Values)
            {
                await DoneAsync(store.SetAsync(Set(store.Key(suffix), value)));
            }

            foreach (var (suffix, value) in Values)
            {
                Assert.Equal(value, (await store.GetAsync(store.Key(suffix))).Data);
            }
        });

    [Fact]
    public Task Delete() =>
        PlayAsync(async store =>
        {
            var key = store.Key("to-be-deleted");
            await DoneAsync(store.SetAsync(Set(key, "to be deleted")));
            foreach (var each in (string[])[key, store.Key("never-set"), key])
            {
                await DoneAsync(store.DeleteAsync(new() { Key = each }));
                await AssertAbsentAsync(store, each);
            }
        });

    [Fact]
    public Task Bulkset() =>
        PlayAsync(async store =>
        {
            await DoneAsync(store.BulkSetAsync(Values.Select(item => Set(store.Key(item.Suffix), item.Value))));
            foreach (var (suffix, value) in Values)
            {
                Assert.Equal(value, (await store.GetAsync(store.Key(suffix))).Data);
            }
        });

    [Fact]
    public Task Bulkget() =>
        PlayAsync(async store =>
        {
            var (there, missing) = (store.Key("bulk-int"), store.Key("doesnotexist"));
            await DoneAsync(store.SetAsync(Set(there, "123")));

            var items = await store.BulkGetAsync(missing, there);

            Assert.Equal([(missing, "", false, ""), (there, "123", true, "")], items.Select(Shown));
        });

    [Fact]
    public Task Bulkdelete() =>
        PlayAsync(async store =>
        {
            string[] keys = [store.Key("bulk-to-be-deleted"), store.Key("bulk-to-be-deleted-too")];
            await DoneAsync(store.BulkSetAsync(keys.Select(key => Set(key, "1"))));
            await DoneAsync(store.BulkDeleteAsync(keys.Select(key => new DeleteRequest { Key = key })));
            foreach (var key in keys)
            {
                await AssertAbsentAsync(store, key);
            }
        });

    /// <summary>The suite's four groups, with the partition key that it sends with each.</summary>
    [Fact]
    public Task Transaction() =>
        PlayAsync(async store =>
        {
            string[] keys =
            [
                .. new[] { "int", "bool", "bytes", "string", "to-be-deleted", "struct", "too" }.Select(key => store.Key($"trx-{key}")),
            ];
            await TransactAsync(store, [.. keys[..5].Select(key => Upsert(key, "1"))]);
            await TransactAsync(store, Upsert(keys[5], """{"message":"test"}"""), Remove(keys[4]));
            await TransactAsync(store, Upsert(keys[6], "1"));
            await TransactAsync(store, Remove(keys[6]));

            var stored = await store.BulkGetAsync(keys);

            Assert.Equal([true, true, true, true, false, true, false], stored.Select(item => item.Etag is not null));
            Assert.Equal("""{"message":"test"}""", stored[5].Data.ToStringUtf8());
        });

    [Fact]
    public Task Transaction_delete_of_a_key_that_does_not_exist() =>
        PlayAsync(store => TransactAsync(store, Remove(store.Key("non-existent-key"))));

    [Fact]
    public Task Transaction_order() =>
        PlayAsync(async store =>
        {
            var (first, second, third) = (store.Key("key1"), store.Key("key2"), store.Key("key3"));
            await DoneAsync(store.SetAsync(Set(first, "\"value1\"")));

            await TransactAsync(store, Remove(first), Upsert(second, "\"value2\""), Remove(second), Upsert(third, "\"value3\""));

            await AssertAbsentAsync(store, first);
            await AssertAbsentAsync(store, second);
            Assert.Equal("\"value3\"", (await store.GetAsync(third)).Data.ToStringUtf8());
        });

    [Fact]
    public Task Etag() =>
        PlayAsync(async store =>
        {
            string[] keys = [.. Enumerable.Range(1, 4).Select(key => store.Key($"etag-{key}"))];
            await DoneAsync(store.BulkSetAsync(keys.Select(key => Set(key, "1"))));
            var etags = (await store.BulkGetAsync(keys)).Select(item => item.Etag).ToArray();
            Assert.All(etags, etag => Assert.NotEmpty(etag.Value));

            Assert.Equal(StateOutcome.EtagMismatch, await store.SetAsync(Set(keys[0], "2", BadEtag)));
            await DoneAsync(store.SetAsync(Set(keys[0], "2", etags[0])));
            var changed = (await store.GetAsync(keys[0])).Etag;
            Assert.NotEqual(etags[0], changed);
            Assert.Equal(StateOutcome.EtagMismatch, await store.DeleteAsync(new() { Key = keys[0], Etag = BadEtag }));
            await DoneAsync(store.DeleteAsync(new() { Key = keys[0], Etag = changed }));
            await AssertAbsentAsync(store, keys[0]);
        });

    [Fact]
    public Task Etag_of_one_item_of_a_bulk() =>
        PlayAsync(async store =>
        {
            var (second, third, fourth) = (store.Key("etag-2"), store.Key("etag-3"), store.Key("etag-4"));
            await DoneAsync(store.BulkSetAsync(Set(second, "1"), Set(third, "1"), Set(fourth, "1")));
            var before = await store.BulkGetAsync(second, third);

            Assert.Equal(StateOutcome.EtagMismatch, await store.BulkSetAsync(Set(second, "2", BadEtag), Set(third, "2", before[1].Etag)));
            var after = await store.BulkGetAsync(second, third, fourth);
            Assert.Equal(before[0], after[0]);
            Assert.Equal(("2", true), (after[1].Data.ToStringUtf8(), before[1].Etag.Value != after[1].Etag.Value));
            await DoneAsync(store.BulkSetAsync(Set(second, "3", after[0].Etag), Set(third, "3", after[1].Etag)));

            after = await store.BulkGetAsync(second, third, fourth);
            Assert.Equal(StateOutcome.EtagMismatch, await store.BulkDeleteAsync(Deletion(second, after[0].Etag), Deletion(third, BadEtag)));
            await AssertAbsentAsync(store, second);
            Assert.Equal(after[1], (await store.BulkGetAsync(third))[0]);
            await DoneAsync(store.BulkDeleteAsync(Deletion(third, after[1].Etag), Deletion(fourth, after[2].Etag)));
            Assert.All(
                await store.BulkGetAsync(third, fourth),
                item => Assert.Equal(("", false), (item.Data.ToStringUtf8(), item.Etag is not null))
            );
        });

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public Task First_write_without_etag(string? none) =>
        PlayAsync(async store =>
        {
            var key = store.Key("first-write");
            var write = Set(key, "1", none is null ? null : new Etag { Value = none }, FirstWrite);
            await DoneAsync(store.SetAsync(write));
            Assert.Equal(StateOutcome.EtagMismatch, await store.SetAsync(write));
            await DoneAsync(store.DeleteAsync(new() { Key = key }));
            await DoneAsync(store.SetAsync(write));
        });

    [Fact]
    public Task First_write_with_etag() =>
        PlayAsync(async store =>
        {
            var key = store.Key("first-write-etag");
            await DoneAsync(store.SetAsync(Set(key, "1")));
            var etag = (await store.GetAsync(key)).Etag;
            await DoneAsync(store.SetAsync(Set(key, "2", etag, FirstWrite)));

            Assert.NotEqual(etag, (await store.GetAsync(key)).Etag);
            Assert.Equal(StateOutcome.EtagMismatch, await store.SetAsync(Set(key, "3", etag, FirstWrite)));
        });

    [Fact]
    public Task Ttl_with_a_bad_value() =>
        PlayAsync(async store => Assert.Equal(StateOutcome.Refused, await store.SetAsync(Expiring(store.Key("ttl"), "foo"))));

    [Fact]
    public Task Ttl_ends_a_value() =>
        PlayAsync(async store =>
        {
            var key = store.Key("ttl-2");
            await DoneAsync(store.SetAsync(Expiring(key, "2")));
            Assert.Equal("1", (await store.GetAsync(key)).Data.ToStringUtf8());

            for (var wait = TimeSpan.FromMilliseconds(200); (await store.GetAsync(key)).Etag is not null; wait *= 1.1)
            {
                Assert.InRange(wait, TimeSpan.Zero, TimeSpan.FromSeconds(1));
                await store.DelayAsync(wait);
            }
        });

    [Fact]
    public Task TtlExpireTime() =>
        PlayAsync(async store =>
        {
            var (none, hour) = (store.Key("ttl-none"), store.Key("ttl-hour"));
            await DoneAsync(store.BulkSetAsync(Set(none, "1"), Expiring(hour, "3600")));

            Assert.DoesNotContain(Expires, (await store.GetAsync(none)).Metadata.Keys);
            var single = (await store.GetAsync(hour)).Metadata[Expires];
            Assert.Equal(single, (await store.BulkGetAsync(none, hour))[1].Metadata[Expires]);
            var (first, expiry) = (DateTimeOffset.Parse(single, CultureInfo.InvariantCulture), TimeSpan.FromHours(1));
            await store.DelayAsync(TimeSpan.FromMilliseconds(1100));
            await DoneAsync(store.SetAsync(Expiring(hour, "3600")));
            var second = DateTimeOffset.Parse((await store.GetAsync(hour)).Metadata[Expires], CultureInfo.InvariantCulture);
            Assert.InRange(second - first, TimeSpan.FromSeconds(1), expiry);
        });

    [Theory]
    [InlineData("-1")]
    [InlineData(null)]
    public Task Ttl_set_to_minus_one_or_left_out_removes_the_earlier_one(string? seconds) =>
        PlayAsync(async store =>
        {
            var key = store.Key("ttl-removed");
            await DoneAsync(store.SetAsync(Expiring(key, "2")));
            await DoneAsync(store.SetAsync(seconds is null ? Set(key, "1") : Expiring(key, seconds)));

            Assert.DoesNotContain(Expires, (await store.GetAsync(key)).Metadata.Keys);
            await store.DelayAsync(TimeSpan.FromSeconds(3));
            Assert.Equal("1", (await store.GetAsync(key)).Data.ToStringUtf8());
        });

    /// <summary>Runs a case to its end on a store.</summary>
    private protected abstract Task PlayAsync(Func<IStateSurface, Task> play);

    private static async Task DoneAsync(Task<StateOutcome> change) => Assert.Equal(StateOutcome.Done, await change);

    private static async Task AssertAbsentAsync(IStateSurface store, string key)
    {
        var found = await store.GetAsync(key);
        Assert.Equal((0, true), (found.Data.Length, found.Etag is null));
    }

    private static async Task TransactAsync(IStateSurface store, params TransactionalStateOperation[] operations)
    {
        var request = new TransactionalStateRequest { Operations = { operations } };
        request.Metadata["partitionKey"] = "myPartition";
        await DoneAsync(store.TransactAsync(request));
    }

    private static (string Key, string Data, bool HasEtag, string Error) Shown(BulkStateItem item) =>
        (item.Key, item.Data.ToStringUtf8(), item.Etag is not null, item.Error);

    private static SetRequest Set(string key, string value, Etag? etag = null, StateOptions? options = null) =>
        new()
        {
            Key = key,
            Value = ByteString.CopyFromUtf8(value),
            Etag = etag,
            Options = options,
        };

    private static SetRequest Set(string key, byte[] value) => new() { Key = key, Value = ByteString.CopyFrom(value) };

    private static SetRequest Expiring(string key, string seconds)
    {
        var request = Set(key, "1");
        request.Metadata[Ttl] = seconds;
        return request;
    }

    private static DeleteRequest Deletion(string key, Etag etag) => new() { Key = key, Etag = etag };

    private static TransactionalStateOperation Upsert(string key, string value) => new() { Set = Set(key, value) };

    private static TransactionalStateOperation Remove(string key) => new() { Delete = new() { Key = key } };
}
