// Takes what was ordered from the shelf, or rejects the order.
using Darq;

var builder = WebApplication.CreateBuilder(args);
builder.WebHost.UseUrls($"http://127.0.0.1:{builder.Configuration["APP_PORT"]}");
builder.Services.AddDarq(o =>
{
    o.PubSub = "shop";
    o.StateStore = "books";
});
var app = builder.Build();
app.MapStep(
    "orders",
    async (Order order, Step step) =>
    {
        var stock = await step.State.Get(Keys.Stock(order.Item));
        if (stock < order.Count)
        {
            step.Emit("rejected", new Rejected(order.Id, "out of stock"), key: order.Customer);
            return;
        }

        step.State.Set(Keys.Stock(order.Item), stock - order.Count);
        step.Emit("reserved", order, key: order.Customer);
    }
);
app.Run();

internal sealed record Order(string Id, string Item, int Count, string Customer);

internal sealed record Rejected(string Id, string Reason);

internal static class Keys
{
    public static StateKey<int> Stock(string item) => new($"stock-{item}");
}
