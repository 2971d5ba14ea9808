// Ships orders. Each is one step: the order is consumed, the stock taken, the order written down and the parcel announced, or none of it.
using Darq;

var builder = WebApplication.CreateBuilder(args);
builder.WebHost.UseUrls($"http://127.0.0.1:{builder.Configuration["APP_PORT"]}");
builder.Services.AddDarq(o =>
{
    o.PubSub = "pubsub";
    o.StateStore = "statestore";
});
var app = builder.Build();
app.MapDarqHealth("/ready");

app.MapStep(
        "orders",
        async (Order order, Step step) =>
        {
            var stock = await step.State.Get<int?>($"stock-{order.Item}");
            var left = stock - order.Count ?? throw new InvalidOperationException($"there is no stock of {order.Item}");
            step.State.Set($"stock-{order.Item}", left); // guarded by what was read
            step.State.Set($"order-{order.Id}", order);
            step.Emit("shipped", order, key: order.Item);
        }
    )
    .WithMaxDeliveries(20);

app.Run();

internal sealed record Order(string Id, string Item, int Count);
