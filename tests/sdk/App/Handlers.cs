using System.Text.Json;
using Dapr;
using Dapr.Client;

namespace Darq.Tests.Sdk.App;

public sealed record Order(string Id, string Item, int Count);

public sealed record Shipped(string Id);

/// <summary>Handlers as apps write them, right ones and wrong ones.</summary>
internal static class Handlers
{
    public static void Map(WebApplication app)
    {
        Step(app, "orders", ShipAsync);
        Step(app, "direct", PublishDirectlyAsync);
        Step(app, "outside", SaveOutsideAsync);
        Step(app, "keyless", ChargeWithoutKeyAsync);
        Step(app, "failing", (_, _, _) => throw new InvalidOperationException("there is no tea"), maxDeliveries: 0);
        Step(app, "poison", (_, _, _) => throw new InvalidOperationException("there is no tea"), maxDeliveries: 3);
        Step(app, "stepless", (_, _, _) => Task.CompletedTask, maxDeliveries: 2);
        Step(app, "slow", WaitAsync);
        Step(app, "bound", ShipByBindingAsync);
        SpecialHandlers.Map(app);
        app.MapStep("parcels", (Order order, Step step, Payments payments) => SendAsync(order, step, payments));
        app.MapStep<Order>("working", WorkAsync).WithProcessingTimeout(TimeSpan.FromSeconds(1));
        app.MapPost("/hanging", () => Task.Delay(Timeout.Infinite)).WithTopic("pubsub", "hanging");
        app.MapPost("/dropped", () => Results.Json(new { status = "DROP" })).WithTopic("pubsub", "dropped");
        app.MapPost("/plain", (Order order, DaprClient dapr) => dapr.SaveStateAsync("store", $"plain-{order.Id}", order.Count))
            .WithTopic("pubsub", "plain");
        app.MapPost("/buy", (Order order, DaprClient dapr) => dapr.PublishEventAsync("pubsub", "orders", order));
    }

    public static void Step(WebApplication app, string topic, Func<Order, HttpContext, DaprClient, Task> handle, int maxDeliveries = 10) =>
        app.MapPost("/" + topic, (Order order, HttpContext http, DaprClient dapr) => handle(order, http, dapr))
            .WithTopic(
                new TopicOptions
                {
                    PubsubName = "pubsub",
                    Name = topic,
                    Metadata = new Dictionary<string, string> { ["requireStep"] = "true", ["maxDeliveries"] = $"{maxDeliveries}" },
                }
            );

    private static async Task ShipAsync(Order order, HttpContext http, DaprClient dapr)
    {
        var (stock, etag) = await dapr.GetStateAndETagAsync<int>("store", $"stock-{order.Item}");
        http.RequestServices.GetRequiredService<Payments>().Charge(http.Request.Headers["darq-idempotency-key"]!, order.Count);
        await CommitAsync(order, http, dapr, stock - order.Count, etag);
    }

    private static async Task SendAsync(Order order, Step step, Payments payments)
    {
        var stock = await step.State.Get<int>($"stock-{order.Item}");
        if (stock < order.Count)
        {
            step.Emit("rejected", order);
            return;
        }

        payments.Charge(step.IdempotencyKey, order.Count);
        step.State.Set($"stock-{order.Item}", stock - order.Count);
        step.State.Set($"order-{order.Id}", order);
        step.Emit("shipped", new Shipped(order.Id), key: order.Id);
    }

    /// <summary>Real work, such as that of a database in the process; no virtual time is meant to pass.</summary>
    private static async Task WorkAsync(Order order, Step step)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(1200), TimeProvider.System);
        step.CancellationToken.ThrowIfCancellationRequested();
        step.Emit("shipped", new Shipped(order.Id));
    }

    private static async Task PublishDirectlyAsync(Order order, HttpContext http, DaprClient dapr)
    {
        var (stock, etag) = await dapr.GetStateAndETagAsync<int>("store", $"stock-{order.Item}");
        await dapr.PublishEventAsync("pubsub", "shipped", new Shipped(order.Id));
        await CommitAsync(order, http, dapr, stock - order.Count, etag, emits: false);
    }

    private static async Task SaveOutsideAsync(Order order, HttpContext http, DaprClient dapr)
    {
        var stock = await dapr.GetStateAsync<int>("store", $"stock-{order.Item}");
        await dapr.SaveStateAsync("store", $"stock-{order.Item}", stock - order.Count);
        await CommitAsync(order, http, dapr, stock, etag: null, writesStock: false);
    }

    private static async Task ChargeWithoutKeyAsync(Order order, HttpContext http, DaprClient dapr)
    {
        var (stock, etag) = await dapr.GetStateAndETagAsync<int>("store", $"stock-{order.Item}");
        var payments = http.RequestServices.GetRequiredService<Payments>();
        payments.Charge($"charge {payments.Count}", order.Count);
        await CommitAsync(order, http, dapr, stock - order.Count, etag);
    }

    private static async Task WaitAsync(Order order, HttpContext http, DaprClient dapr)
    {
        await Task.Delay(TimeSpan.FromSeconds(20), http.RequestServices.GetRequiredService<TimeProvider>());
        await CommitAsync(order, http, dapr, order.Count, etag: null);
    }

    private static async Task ShipByBindingAsync(Order order, HttpContext http, DaprClient dapr)
    {
        var step = new
        {
            consume = new[] { http.Request.Headers["darq-token"].ToString() },
            state = new[]
            {
                new
                {
                    op = "upsert",
                    key = $"order-{order.Id}",
                    value = order,
                },
            },
            emit = new[] { new { topic = "shipped", data = new Shipped(order.Id) } },
        };
        var answer = await dapr.InvokeBindingAsync<object, JsonElement>("bank", "step", step);
        if (answer.GetProperty("outcome").GetString() is not ("OK" or "DUPLICATE"))
        {
            throw new InvalidOperationException(answer.GetRawText());
        }
    }

    public static Task CommitAsync(
        Order order,
        HttpContext http,
        DaprClient dapr,
        int stock,
        string? etag,
        bool emits = true,
        bool writesStock = true
    )
    {
        List<StateTransactionRequest> operations =
        [
            new($"order-{order.Id}", JsonSerializer.SerializeToUtf8Bytes(order, JsonSerializerOptions.Web), StateOperationType.Upsert),
        ];
        if (writesStock)
        {
            operations.Add(new($"stock-{order.Item}", JsonSerializer.SerializeToUtf8Bytes(stock), StateOperationType.Upsert, etag));
        }

        var metadata = new Dictionary<string, string> { ["darq.token"] = http.Request.Headers["darq-token"].ToString() };
        if (emits)
        {
            var emitted = new[] { new { topic = "shipped", data = new Shipped(order.Id) } };
            metadata["darq.emit"] = JsonSerializer.Serialize(emitted, JsonSerializerOptions.Web);
        }

        return dapr.ExecuteStateTransactionAsync("store", operations, metadata);
    }
}
