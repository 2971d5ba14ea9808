using Darq.Testing;
using Darq.Tests.Sdk.App;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Darq.Tests.Sdk.Testing;

public sealed class CrashPointsTests
{
    private Payments _payments = new();

    [Fact]
    public async Task Orders_survive_a_crash_at_every_point() =>
        Assert.Equal(14, await CrashPoints.CheckAsync<Program>(TwoOrdersAsync, observe: _ => _payments.Count, configure: Renew));

    private static async Task TwoOrdersAsync(DarqTestHost darq)
    {
        darq.State.Set("stock-tea", 5);
        await darq.Publish("orders", new Order("1", "tea", 2), key: "ann");
        await darq.Publish("orders", new Order("2", "tea", 1), key: "ann");
    }

    private void Renew(DarqTestOptions options)
    {
        _payments = new Payments(); // outlives a crash, but not a run
        options.ConfigureServices(services => services.AddSingleton(_payments));
    }

    [Fact]
    public async Task Step_of_the_SDK_survives_a_crash_at_every_point() =>
        Assert.True(
            await CrashPoints.CheckAsync<Program>(
                async darq =>
                {
                    darq.State.Set("stock-tea", 5);
                    await darq.Publish("parcels", new Order("1", "tea", 2), key: "ann");
                    await darq.Publish("parcels", new Order("2", "tea", 9), key: "ann");
                },
                observe: _ => _payments.Count,
                configure: Renew
            ) >= 14
        );

    [Fact]
    public async Task Scenario_that_fails_without_a_crash_checks_nothing()
    {
        var thrown = await Assert.ThrowsAsync<DarqTestException>(() =>
            CrashPoints.CheckAsync<Program>(darq => darq.Publish("poison", new Order("1", "tea", 2)))
        );

        Assert.StartsWith("Without a crash already messages become dead letters", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("there is no tea", thrown.Message, StringComparison.Ordinal);
        await CrashPoints.CheckAsync<Program>(darq => darq.Publish("poison", new Order("1", "tea", 2)), allowsDeadLetters: true);
    }

    [Fact]
    public Task Step_through_the_binding_survives_a_crash_at_every_point() =>
        CrashPoints.CheckAsync<Program>(darq => darq.Publish("bound", new Order("1", "tea", 2)));

    [Theory]
    [InlineData(
        "direct",
        "after call 2 (PublishEvent shipped) took effect, before its answer",
        """message of topic 'shipped': {"id":"1"}"""
    )]
    [InlineData("outside", "after call 2 (SaveState stock-tea) took effect, before its answer", "state 'stock-tea': 1")]
    [InlineData("keyless", "before call 2 (ExecuteStateTransaction order-1, stock-tea) took effect", "observed: 2")]
    public async Task Handler_that_is_not_safe_is_found_with_the_point_and_the_difference(string topic, string point, string difference)
    {
        var thrown = await Assert.ThrowsAsync<CrashPointException>(() =>
            CrashPoints.CheckAsync<Program>(
                async darq =>
                {
                    darq.State.Set("stock-tea", 5);
                    await darq.Publish(topic, new Order("1", "tea", 2), id: "a");
                },
                observe: _ => _payments.Count,
                configure: Renew
            )
        );

        Assert.Matches("^Crash point [0-9]+ of [0-9]+, seed 1: ", thrown.Message);
        Assert.Contains(
            $"{point}, at attempt 1 of message a of topic '{topic}'. What came of it differs.\n",
            thrown.Message,
            StringComparison.Ordinal
        );
        Assert.Contains($"Only with the crash:\n  {difference}", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_that_are_ignored_are_not_compared() =>
        Assert.True(
            await CrashPoints.CheckAsync<Program>(
                async darq =>
                {
                    darq.State.Set("stock-tea", 5);
                    await darq.Publish("outside", new Order("1", "tea", 2));
                },
                ignoredKeys: key => key == "stock-tea"
            ) > 0
        );

    [Fact]
    public async Task Scenario_without_a_delivery_is_refused() =>
        await Assert.ThrowsAsync<DarqTestException>(() => CrashPoints.CheckAsync<Program>(_ => Task.CompletedTask));
}
