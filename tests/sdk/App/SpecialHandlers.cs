using System.Text.Json;
using Dapr;
using Dapr.Client;

namespace Darq.Tests.Sdk.App;

/// <summary>Handlers whose calls, keys or answers a test host could easily get wrong.</summary>
internal static class SpecialHandlers
{
    private static int _count;

    public static void Map(WebApplication app)
    {
        Handlers.Step(app, "parallel", ReadInParallelAsync);
        Handlers.Step(app, "expiring", SaveForAMomentAsync);
        Handlers.Step(app, "race", ArriveAsync);
        Handlers.Step(app, "unguarded", WriteWhatWasReadAsync);
        Handlers.Step(app, "meet-left", (_, http, _) => MeetAsync(http, meeting => meeting.ComeLeft()), maxDeliveries: 1);
        Handlers.Step(app, "meet-right", (_, http, _) => MeetAsync(http, meeting => meeting.ComeRight()), maxDeliveries: 1);
        app.MapStep<Order>("closed", (_, _) => throw new InvalidOperationException("the till is closed")).WithMaxDeliveries(2);
        app.MapStep<Order>("closed-for-ever", (_, _) => throw new InvalidOperationException("the till is closed")).WithMaxDeliveries(0);
        app.MapStep("guarded", (Order order, Step step, TimeProvider time) => WorkWithinAsync(order, step, time)).WithMaxDeliveries(1);
        app.MapStep<Order>("counted", (_, step) => step.Emit("shipped", new Shipped($"{Interlocked.Increment(ref _count)}")));
        app.MapStep("stuck", async (Order _, Step step) => await Task.Delay(Timeout.Infinite, step.CancellationToken)).WithMaxDeliveries(1);
        app.MapStep<Order>("attempted", EmitAtFirstAsync);
        app.MapStep("long", (Order order, Step step, TimeProvider time) => WorkLongAsync(order, step, time)).WithMaxDeliveries(1);
        app.MapPost("/given-up", () => Results.Json(new { status = "DROP" }))
            .WithTopic(
                new TopicOptions
                {
                    PubsubName = "pubsub",
                    Name = "given-up",
                    DeadLetterTopic = "lost",
                }
            );
    }

    private static async Task ReadInParallelAsync(Order order, HttpContext http, DaprClient dapr)
    {
        string[] keys = ["stock-tea", "stock-milk", "stock-jam"];
        await Task.WhenAll(keys.Select(key => Task.Run(() => dapr.GetStateAsync<int>("store", key))));
        await Handlers.CommitAsync(order, http, dapr, order.Count, etag: null);
    }

    private static Task SaveForAMomentAsync(Order order, HttpContext http, DaprClient dapr) =>
        dapr.ExecuteStateTransactionAsync(
            "store",
            [
                new(
                    $"offer-{order.Id}",
                    JsonSerializer.SerializeToUtf8Bytes(order.Count),
                    StateOperationType.Upsert,
                    metadata: new Dictionary<string, string> { ["ttlInSeconds"] = "1" }
                ),
            ],
            new Dictionary<string, string> { ["darq.token"] = http.Request.Headers["darq-token"].ToString() }
        );

    /// <summary>Not safe: what others wrote since the read is overwritten.</summary>
    private static async Task WriteWhatWasReadAsync(Order order, HttpContext http, DaprClient dapr) =>
        await Handlers.CommitAsync(order, http, dapr, await dapr.GetStateAsync<int>("store", "stock-tea") - order.Count, etag: null);

    /// <summary>Notes who came, in the order in which they did: right, and not the same in each run.</summary>
    private static async Task ArriveAsync(Order order, HttpContext http, DaprClient dapr)
    {
        var (arrived, etag) = await dapr.GetStateAndETagAsync<string[]>("store", "arrived");
        string[] all = [.. arrived ?? [], order.Id];
        await dapr.ExecuteStateTransactionAsync(
            "store",
            [new("arrived", JsonSerializer.SerializeToUtf8Bytes(all), StateOperationType.Upsert, etag)],
            new Dictionary<string, string> { ["darq.token"] = http.Request.Headers["darq-token"].ToString() }
        );
    }

    /// <summary>Real work under a deadline of virtual time.</summary>
    private static async Task WorkWithinAsync(Order order, Step step, TimeProvider time)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System).WaitAsync(TimeSpan.FromSeconds(5), time);
        step.Emit("shipped", new Shipped(order.Id));
    }

    /// <summary>Longer than the processing timeout, for which it asks for more time.</summary>
    private static async Task WorkLongAsync(Order order, Step step, TimeProvider time)
    {
        for (var part = 0; part < 3; part++)
        {
            await Task.Delay(TimeSpan.FromSeconds(50), time, step.CancellationToken);
            await step.ExtendAsync();
        }

        step.Emit("shipped", new Shipped(order.Id));
    }

    /// <summary>Not safe: a first attempt that fails emits nothing, nor does the second.</summary>
    private static async Task EmitAtFirstAsync(Order order, Step step)
    {
        step.State.Set("stock-tea", await step.State.Get<int>("stock-tea") - order.Count);
        if (step.Attempt == 1)
        {
            step.Emit("shipped", new Shipped(order.Id));
        }
    }

    private static async Task MeetAsync(HttpContext http, Func<Meeting, Task> come) =>
        await come(http.RequestServices.GetRequiredService<Meeting>());
}
