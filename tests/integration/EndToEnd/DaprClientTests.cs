using System.Text.Json;
using Dapr.Client;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.EndToEnd;

/// <summary>Dapr's own client for .NET, which speaks gRPC, before a sidecar and the component.</summary>
[Trait("Lane", "Slow")]
public sealed class DaprClientTests : PodTests
{
    [Fact]
    public async Task Published_events_reach_the_app()
    {
        using var client = Client();

        await client.PublishEventAsync("bank", "orders", new { n = 1 }, new Dictionary<string, string> { ["darq.id"] = "o1" });
        await client.PublishEventAsync("bank", "orders", new { n = 1 }, new Dictionary<string, string> { ["darq.id"] = "o1" });
        var bulk = await client.BulkPublishEventAsync("bank", "orders", new[] { new { n = 2 }, new { n = 3 } });

        Assert.Empty(bulk.FailedEntries);
        await Eventually.TrueAsync(() => Task.FromResult(App.Handled.Count >= 3), Patience, "the app handled three events");
        Assert.Equal(["""{"n":1}""", """{"n":2}""", """{"n":3}"""], App.Handled.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task State_is_written_read_and_deleted_and_an_old_etag_is_refused()
    {
        using var client = Client();

        await client.SaveStateAsync("ledger", "ann", 100);
        var (balance, etag) = await client.GetStateAndETagAsync<int>("ledger", "ann");
        Assert.Equal(100, balance);
        Assert.True(await client.TrySaveStateAsync("ledger", "ann", 90, etag));
        Assert.False(await client.TrySaveStateAsync("ledger", "ann", 80, etag));
        Assert.False(await client.TryDeleteStateAsync("ledger", "ann", etag));

        await client.SaveBulkStateAsync<int>("ledger", [new("bob", 7, null!)]);
        var found = await client.GetBulkStateAsync("ledger", ["ann", "bob", "eve"], parallelism: 1);
        Assert.Equal(["90", "7", ""], found.Select(item => item.Value));

        await client.DeleteBulkStateAsync("ledger", [new("ann", found[0].ETag), new("bob", found[1].ETag)]);
        Assert.Null(await client.GetStateAsync<int?>("ledger", "ann"));
    }

    [Fact]
    public async Task A_transaction_with_the_token_of_a_delivery_is_a_step()
    {
        using var client = Client();
        App.Handler = async (order, token) =>
        {
            await client.ExecuteStateTransactionAsync(
                "ledger",
                [new("last", JsonSerializer.SerializeToUtf8Bytes(order), StateOperationType.Upsert)],
                new Dictionary<string, string> { ["darq.token"] = token }
            );
            return 200;
        };

        await client.PublishEventAsync("bank", "orders", new { n = 5 });

        await Eventually.TrueAsync(() => Task.FromResult(!App.Handled.IsEmpty), Patience, "the app handled the event");
        Assert.Equal("""{"n":5}""", await Pod.ReadAsync("last"));
    }

    [Fact]
    public async Task The_binding_answers_with_what_its_step_did()
    {
        using var client = Client();

        var answer = await client.InvokeBindingAsync<object, JsonElement>(
            "work",
            "step",
            new
            {
                state = new[]
                {
                    new
                    {
                        op = "upsert",
                        key = "k",
                        value = 1,
                    },
                },
            }
        );

        Assert.Equal(JsonValueKind.Object, answer.ValueKind);
        Assert.Equal("1", await Pod.ReadAsync("k"));
    }

    [Fact]
    public async Task The_sidecar_tells_of_its_components_and_keeps_what_the_app_adds()
    {
        using var client = Client();

        Assert.True(await client.CheckOutboundHealthAsync());
        await client.SetMetadataAsync("colour", "green");
        var metadata = await client.GetMetadataAsync();

        Assert.Equal("shop", metadata.Id);
        Assert.Equal(["bank", "ledger", "work"], metadata.Components.Select(component => component.Name));
        Assert.Contains("TRANSACTIONAL", metadata.Components[1].Capabilities);
        Assert.Equal("green", metadata.Extended["colour"]);
    }

    private DaprClient Client() =>
        new DaprClientBuilder()
            .UseHttpEndpoint($"http://127.0.0.1:{Pod.Sidecar.HttpPort}")
            .UseGrpcEndpoint($"http://127.0.0.1:{Pod.Sidecar.GrpcPort}")
            .Build();
}
