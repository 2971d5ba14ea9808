// Books a flight, a hotel and a car, one after the other; where one cannot be had, what was booked before is given back in reverse.
using Darq;

var builder = WebApplication.CreateBuilder(args);
if (builder.Configuration["APP_PORT"] is { } port)
{
    builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
}

builder.Services.AddDarq(o =>
{
    o.PubSub = "agency";
    o.StateStore = "books";
});
var app = builder.Build();

app.MapStep("trips", (Trip trip, Step step) => BookAsync(step, trip, Keys.Seats(trip), "hotel", "seat", giveBack: null));
app.MapStep("hotel", (Trip trip, Step step) => BookAsync(step, trip, Keys.Rooms(trip), "car", "room", giveBack: "cancel-flight"));
app.MapStep("car", (Trip trip, Step step) => BookAsync(step, trip, Keys.Cars(trip), "booked", "car", giveBack: "cancel-hotel"));

app.MapStep("cancel-hotel", (Trip trip, Step step) => GiveBackAsync(step, trip, Keys.Rooms(trip), "cancel-flight"));
app.MapStep("cancel-flight", (Trip trip, Step step) => GiveBackAsync(step, trip, Keys.Seats(trip), "failed"));

app.MapStep("booked", (Trip trip, Step step) => step.State.Set(Keys.Outcome(trip), "booked"));
app.MapStep("failed", (Trip trip, Step step) => step.State.Set(Keys.Outcome(trip), $"failed: no {trip.Missing}"));
app.Run();

// Takes one and goes on, or says what is missing and turns back.
static async Task BookAsync(Step step, Trip trip, StateKey<int> free, string next, string what, string? giveBack)
{
    var left = await step.State.Get(free);
    if (left == 0)
    {
        step.Emit(giveBack ?? "failed", trip with { Missing = what }, key: trip.Destination);
        return;
    }

    step.State.Set(free, left - 1);
    step.Emit(next, trip, key: trip.Destination);
}

static async Task GiveBackAsync(Step step, Trip trip, StateKey<int> free, string next)
{
    step.State.Set(free, await step.State.Get(free) + 1);
    step.Emit(next, trip, key: trip.Destination);
}

internal sealed record Trip(string Id, string Destination, string? Missing = null);

internal static class Keys
{
    public static StateKey<int> Seats(Trip trip) => new($"seats-{trip.Destination}");

    public static StateKey<int> Rooms(Trip trip) => new($"rooms-{trip.Destination}");

    public static StateKey<int> Cars(Trip trip) => new($"cars-{trip.Destination}");

    public static StateKey<string> Outcome(Trip trip) => new($"trip-{trip.Id}");
}

// For the tests, which start the app by its type.
public partial class Program;
