using System.Text.Json.Nodes;
using Darq.Protos;
using Darq.Tests.Shared;
using Google.Protobuf;
using Xunit;

namespace Darq.Tests.Contract.Recordings;

/// <summary>What a real workflow engine asks of a store: the calls recorded on a correct one, and the patterns behind them.</summary>
[Collection(SharedComponent.Name)]
public sealed class WorkflowOnAStoreTests(ComponentFixture fixture)
{
    private const string Recorded = "workflow-on-a-store.jsonl";

    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(ignoreUnknownFields: false));

    // What a store allows is its own affair, and each Init here has a Redis of its own.
    private static readonly string[] OfTheStore = ["Init", "MultiMaxSize"];

    [Fact]
    public async Task Each_recorded_call_is_answered_as_a_correct_store_did_with_etags_that_change_when_the_recorded_ones_did()
    {
        using var client = await InitAsync();
        var etags = new RecordedEtags();
        await foreach (var text in File.ReadLinesAsync(Repository.PathOf("tests", "recordings", Recorded)))
        {
            var line = JsonNode.Parse(text)!;
            if (OfTheStore.Contains((string)line["call"]!))
            {
                continue;
            }

            await PlayAsync(client, etags, (string)line["call"]!, line["request"]!.ToJsonString(), line["answer"]!.ToJsonString());
        }
    }

    [Fact]
    public async Task A_save_with_the_etag_of_an_earlier_load_is_refused_and_changes_no_row()
    {
        using var client = await InitAsync();
        var workflow = fixture.Name("workflow");
        await SaveAsync(client, Row(workflow, "metadata", "1"), Row(workflow, "inbox-000000", "start"));
        var stale = (await GetAsync(client, workflow, "metadata")).Etag;
        await SaveAsync(client, Row(workflow, "metadata", "2"));

        var save = Rows(Row(workflow, "history-000000", "lost"), Delete(workflow, "inbox-000000"), Row(workflow, "metadata", "3", stale));
        var refused = await client.RefusalAsync("TransactionalStateStore/Transact", save);

        Assert.StartsWith("CONFLICT", refused.Message, StringComparison.Ordinal);
        Assert.Equal(["2", null, "start"], await LoadAsync(client, workflow, "metadata", "history-000000", "inbox-000000"));
    }

    [Fact]
    public async Task A_purge_deletes_the_rows_that_are_there_and_those_that_are_not()
    {
        using var client = await InitAsync();
        var workflow = fixture.Name("workflow");
        await SaveAsync(
            client,
            Row(workflow, "metadata", "1"),
            Row(workflow, "history-000000", "start"),
            Row(workflow, "customStatus", "")
        );
        Assert.Equal(["1", "", "start"], await LoadAsync(client, workflow, "metadata", "customStatus", "history-000000"));

        string[] rows = ["metadata", "customStatus", "history-000000", "history-000001", "propagated-history"];
        await SaveAsync(client, [.. rows.Select(row => Delete(workflow, row))]);

        Assert.All(await LoadAsync(client, workflow, rows), Assert.Null);
    }

    [Fact]
    public async Task A_load_while_the_engine_saves_sees_all_rows_of_one_save()
    {
        using var client = await InitAsync();
        var workflow = fixture.Name("workflow");
        string[] rows = ["metadata", .. Enumerable.Range(0, 20).Select(row => $"history-{row:000000}")];
        var saving = Task.Run(async () =>
        {
            for (var save = 1; save <= 50; save++)
            {
                await SaveAsync(client, [.. rows.Select(row => Row(workflow, row, $"{save}"))]);
            }
        });

        do
        {
            Assert.Single((await LoadAsync(client, workflow, rows)).Distinct());
        } while (!saving.IsCompleted);

        await saving;
    }

    private static async Task PlayAsync(ComponentClient client, RecordedEtags etags, string call, string request, string answer)
    {
        switch (call)
        {
            case "Transact":
                var transaction = etags.ToOurs(Parser.Parse<TransactionalStateRequest>(request));
                await client.CallAsync("TransactionalStateStore/Transact", transaction, TransactionalStateResponse.Parser);
                break;
            case "Get":
                var get = Parser.Parse<GetRequest>(request);
                var got = await client.CallAsync("StateStore/Get", get, GetResponse.Parser);
                etags.AssertSame(get.Key, Parser.Parse<GetResponse>(answer), got);
                break;
            case "BulkGet":
                var all = await client.CallAsync("StateStore/BulkGet", Parser.Parse<BulkGetRequest>(request), BulkGetResponse.Parser);
                etags.AssertSame(Parser.Parse<BulkGetResponse>(answer), all);
                break;
            default:
                Assert.Fail($"no test plays {call}");
                break;
        }
    }

    private async Task<ComponentClient> InitAsync()
    {
        var client = fixture.Client();
        await client.InitStateAsync(("redisHost", fixture.Redis.Host), ("actorStateStore", "true"));
        return client;
    }

    private static Task<TransactionalStateResponse> SaveAsync(ComponentClient client, params TransactionalStateOperation[] operations) =>
        client.CallAsync("TransactionalStateStore/Transact", Rows(operations), TransactionalStateResponse.Parser);

    private static Task<GetResponse> GetAsync(ComponentClient client, string workflow, string row) =>
        client.CallAsync("StateStore/Get", new GetRequest { Key = KeyOf(workflow, row) }, GetResponse.Parser);

    /// <summary>The rows as the engine loads them, null where one is missing.</summary>
    private static async Task<IEnumerable<string?>> LoadAsync(ComponentClient client, string workflow, params string[] rows)
    {
        var request = new BulkGetRequest { Items = { rows.Select(row => new GetRequest { Key = KeyOf(workflow, row) }) } };
        var items = (await client.CallAsync("StateStore/BulkGet", request, BulkGetResponse.Parser)).Items;
        return [.. items.Select(item => item.Etag is null ? null : item.Data.ToStringUtf8())];
    }

    private static TransactionalStateRequest Rows(params TransactionalStateOperation[] operations) => new() { Operations = { operations } };

    private static TransactionalStateOperation Row(string workflow, string row, string value, Etag? etag = null) =>
        new()
        {
            Set = new()
            {
                Key = KeyOf(workflow, row),
                Value = ByteString.CopyFromUtf8(value),
                Etag = etag,
            },
        };

    private static TransactionalStateOperation Delete(string workflow, string row) =>
        new() { Delete = new() { Key = KeyOf(workflow, row) } };

    private static string KeyOf(string workflow, string row) => $"shop||dapr.internal.default.shop.workflow||{workflow}||{row}";
}
