// Ships orders. Each is one step: the order is consumed, the stock taken, the order written down and the parcel announced, or none of it.
using System.Text.Json;
using Dapr;
using Dapr.Client;

var builder = WebApplication.CreateBuilder(args);
builder.WebHost.UseUrls($"http://127.0.0.1:{builder.Configuration["APP_PORT"]}");
builder.Services.AddDaprClient();
var app = builder.Build();
app.UseCloudEvents();
app.MapSubscribeHandler();
app.MapPost("/orders", ShipAsync)
    .WithTopic(
        new TopicOptions
        {
            PubsubName = "pubsub",
            Name = "orders",
            Metadata = new Dictionary<string, string> { ["requireStep"] = "true" },
        }
    );
app.Run();

// Whatever it throws makes the message come again.
static async Task ShipAsync(Order order, HttpRequest request, DaprClient dapr)
{
    var (stock, etag) = await dapr.GetStateAndETagAsync<int?>("statestore", $"stock-{order.Item}");
    var left = stock - order.Count ?? throw new InvalidOperationException($"there is no stock of {order.Item}");
    await dapr.ExecuteStateTransactionAsync(
        "statestore",
        [
            new($"stock-{order.Item}", JsonSerializer.SerializeToUtf8Bytes(left), StateOperationType.Upsert, etag),
            new($"order-{order.Id}", JsonSerializer.SerializeToUtf8Bytes(order, JsonSerializerOptions.Web), StateOperationType.Upsert),
        ],
        new Dictionary<string, string>
        {
            ["darq.token"] = request.Headers["darq-token"].ToString(),
            ["darq.emit"] = JsonSerializer.Serialize(new[] { new { topic = "shipped", data = order } }, JsonSerializerOptions.Web),
        }
    );
}

internal sealed record Order(string Id, string Item, int Count);
