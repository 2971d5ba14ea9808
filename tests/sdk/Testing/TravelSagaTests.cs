extern alias saga;

using System.Text.Json;
using Darq.Testing;
using Xunit;

namespace Darq.Tests.Sdk.Testing;

/// <summary>examples/travel-saga: whatever a crash falls on, a trip is booked whole or given back whole.</summary>
public sealed class TravelSagaTests
{
    [Fact]
    public async Task Trips_that_are_booked_or_given_back_survive_a_crash_at_every_point() =>
        // Three messages of the trip that is booked, seven of the two that are not, and each is crashed around its calls.
        Assert.True(await CrashPoints.CheckAsync<saga::Program>(TwoTripsAsync) > 40);

    [Fact]
    public async Task Trips_survive_another_that_gives_back_between_their_read_and_commit()
    {
        List<string> keys = [];

        var points = await CrashPoints.CheckAsync<saga::Program>(TwoTripsAsync, competing: GiveBack);

        // Three of the trip that is booked, and five of the other: it takes two, finds no car, and gives two back.
        Assert.Equal(await CrashPoints.CheckAsync<saga::Program>(TwoTripsAsync) + 8, points);
        Assert.Equal(["cars-lisbon", "rooms-lisbon", "seats-lisbon"], keys.Distinct().Order(StringComparer.Ordinal));

        object? GiveBack(string key, JsonElement free)
        {
            keys.Add(key);
            return free.GetInt32() + 1;
        }
    }

    [Fact]
    public async Task What_cannot_be_had_gives_back_what_was_booked_before()
    {
        await using var darq = await DarqTestHost.StartAsync<saga::Program>();
        darq.State.Set("seats-lisbon", 1);
        darq.State.Set("rooms-lisbon", 1);

        await SendAsync(darq, "t1");

        Assert.Equal("failed: no car", darq.State.Get<string>("trip-t1"));
        Assert.Equal((1, 1), (darq.State.Get<int>("seats-lisbon"), darq.State.Get<int>("rooms-lisbon")));
        Assert.Single(darq.Emitted<object>("cancel-hotel"));
        Assert.Single(darq.Emitted<object>("cancel-flight"));
    }

    private static async Task TwoTripsAsync(DarqTestHost darq)
    {
        darq.State.Set("seats-lisbon", 2);
        darq.State.Set("rooms-lisbon", 2);
        darq.State.Set("cars-lisbon", 1);
        await SendAsync(darq, "t1");
        await SendAsync(darq, "t2");
    }

    private static async Task SendAsync(DarqTestHost darq, string trip)
    {
        await darq.Publish("trips", new { id = trip, destination = "lisbon" }, key: "lisbon");
        await darq.UntilIdle();
    }
}
