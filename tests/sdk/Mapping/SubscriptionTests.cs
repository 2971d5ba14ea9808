using System.Text.Json;
using Darq.Tests.Sdk.Fixtures;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Darq.Tests.Sdk.Mapping;

/// <summary>What the sidecar is told of mapped topics.</summary>
public sealed class SubscriptionTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_topic_is_listed_with_its_settings()
    {
        await using var app = await TestApp.StartAsync(app =>
        {
            app.MapStep("orders", (int _, Step _) => { });
            app.MapStep("Paid/now", (int _, Step _) => { })
                .WithMaxDeliveries(5)
                .WithConcurrency(8)
                .WithProcessingTimeout(TimeSpan.FromSeconds(90))
                .WithDeadLetterTopic("lost")
                .WithSetting("order", "none");
        });

        Assert.Equal(
            """
            [{"pubsubname":"bank","topic":"orders","route":"/darq/orders",
            "metadata":{"maxDeliveries":"10","processingTimeout":"60000ms","requireStep":"true"}},
            {"pubsubname":"bank","topic":"Paid/now","route":"/darq/-aid-now-42b7bc67e4e8",
            "metadata":{"deadLetterTopic":"lost","maxDeliveries":"5","maxInFlight":"8","order":"none",
            "processingTimeout":"90000ms","requireStep":"true"}}]
            """.ReplaceLineEndings(""),
            await app.Http.GetStringAsync("/dapr/subscribe", Cancel)
        );
    }

    [Fact]
    public async Task Daprs_own_list_has_the_same_beside_those_of_other_endpoints()
    {
        await using var app = await TestApp.StartAsync(app =>
        {
            app.MapSubscribeHandler();
            app.MapStep("orders", (int _, Step _) => { }).WithMaxDeliveries(5);
            app.MapPost("/mails", () => Results.Ok()).WithTopic("bank", "mails");
        });

        using var list = JsonDocument.Parse(await app.Http.GetStringAsync("/dapr/subscribe", Cancel));
        var orders = list.RootElement.EnumerateArray().Single(entry => entry.GetProperty("topic").GetString() == "orders");

        Assert.Equal(2, list.RootElement.GetArrayLength());
        Assert.Equal(("bank", "darq/orders"), (orders.GetProperty("pubsubName").GetString(), orders.GetProperty("route").GetString()));
        Assert.Equal(
            """{"maxDeliveries":"5","processingTimeout":"60000ms","requireStep":"true"}""",
            JsonSerializer.Serialize(orders.GetProperty("metadata").Deserialize<SortedDictionary<string, string>>())
        );
    }

    [Fact]
    public async Task A_step_in_a_group_has_the_groups_route()
    {
        await using var app = await TestApp.StartAsync(app => app.MapGroup("/shop").MapStep("orders", (int _, Step _) => { }));

        Assert.Contains(
            "\"route\":\"/shop/darq/orders\"",
            await app.Http.GetStringAsync("/dapr/subscribe", Cancel),
            StringComparison.Ordinal
        );
        Assert.Equal(200, (await app.DeliverAsync("/shop/darq/orders", 1)).Status);
    }

    [Fact]
    public async Task Two_handlers_of_a_topic_end_the_start()
    {
        var two = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            TestApp.StartAsync(app =>
            {
                app.MapStep("orders", (int _, Step _) => { });
                app.MapPost("/orders", () => Results.Ok()).WithTopic("bank", "orders");
            })
        );

        Assert.StartsWith("The topic orders of bank has two handlers", two.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_topic_of_another_pubsub_is_listed_under_its_name_beside_one_of_the_same_name()
    {
        await using var app = await TestApp.StartAsync(app =>
        {
            app.MapStep("orders", (int _, Step step) => step.Emit("seen", "bank"));
            app.MapGroup("/other").MapStep("orders", (int _, Step step) => step.Emit("seen", "till")).WithPubSub("till");
        });

        using var list = JsonDocument.Parse(await app.Http.GetStringAsync("/dapr/subscribe", Cancel));
        Assert.Equal(
            [("bank", "/darq/orders"), ("till", "/other/darq/orders")],
            list.RootElement.EnumerateArray()
                .Select(entry => (entry.GetProperty("pubsubname").GetString(), entry.GetProperty("route").GetString()))
        );
        Assert.Equal(200, (await app.DeliverAsync("/other/darq/orders", 1)).Status);
        Assert.Equal("""[{"topic":"seen","data":"till"}]""", app.Sidecar.Transactions.Single().Metadata["darq.emit"]);
    }

    [Fact]
    public async Task One_route_for_a_topic_of_two_pubsubs_ends_the_start()
    {
        var two = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            TestApp.StartAsync(app =>
            {
                app.MapStep("orders", (int _, Step _) => { });
                app.MapStep("orders", (int _, Step _) => { }).WithPubSub("till");
            })
        );

        Assert.Contains("app.MapGroup(\"/till\").MapStep(…)", two.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_its_services_mapping_says_what_to_add()
    {
        await using var app = WebApplication.CreateSlimBuilder().Build();

        var missing = Assert.Throws<InvalidOperationException>(() => app.MapStep("orders", (int _, Step _) => { }));

        Assert.Contains("builder.Services.AddDarq(", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_type_without_a_JSON_form_ends_the_start() =>
        Assert.Contains(
            "There is no JSON form of System.Int32",
            (
                await Assert.ThrowsAsync<InvalidOperationException>(() =>
                    TestApp.StartAsync(
                        app => app.MapStep("orders", (int _, Step _) => { }),
                        builder => builder.Services.AddDarq(options => options.JsonSerializerOptions.TypeInfoResolver = new Nothing())
                    )
                )
            ).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public async Task A_step_without_requireStep_would_be_none() =>
        await Assert.ThrowsAsync<ArgumentException>(() =>
            TestApp.StartAsync(app => app.MapStep("orders", (int _, Step _) => { }).WithSetting("RequireStep", "false"))
        );

    [Fact]
    public async Task The_time_of_a_handler_is_one_for_component_and_token()
    {
        var refused = await Assert.ThrowsAsync<ArgumentException>(() =>
            TestApp.StartAsync(app => app.MapStep("orders", (int _, Step _) => { }).WithSetting("processingtimeout", "5m"))
        );

        Assert.Contains("WithProcessingTimeout", refused.Message, StringComparison.Ordinal);
    }

    private sealed class Nothing : System.Text.Json.Serialization.Metadata.IJsonTypeInfoResolver
    {
        public System.Text.Json.Serialization.Metadata.JsonTypeInfo? GetTypeInfo(Type type, JsonSerializerOptions options) => null;
    }
}
