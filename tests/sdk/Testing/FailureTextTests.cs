using Darq.Testing;
using Darq.Tests.Sdk.App;
using Xunit;

namespace Darq.Tests.Sdk.Testing;

/// <summary>What the test host says of handlers of <c>MapStep</c> that fail: their answers have no text of an exception.</summary>
public sealed class FailureTextTests
{
    [Fact]
    public async Task What_a_handler_of_MapStep_threw_stands_in_its_delivery()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>();
        await darq.Publish("closed", new Order("1", "tea", 2), id: "a");

        await darq.UntilIdle();

        Assert.Equal(2, darq.Deliveries.Count);
        Assert.All(
            darq.Deliveries,
            delivery =>
            {
                Assert.StartsWith("500 The handler of topic closed failed at message a", delivery.Outcome, StringComparison.Ordinal);
                Assert.Contains("InvalidOperationException: the till is closed", delivery.Outcome, StringComparison.Ordinal);
            }
        );
    }

    [Fact]
    public async Task Message_that_does_not_fit_is_told_in_its_delivery()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>();
        await darq.Publish("closed", "no order", id: "a");

        await darq.UntilIdle();

        Assert.Contains("Message a of topic closed is not for its handler", darq.Deliveries[0].Outcome, StringComparison.Ordinal);
        Assert.DoesNotContain("no order", darq.Deliveries[0].Outcome, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_handlers_of_MapStep_threw_is_told_by_those_who_wait()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>();
        await darq.Publish("closed-for-ever", new Order("1", "tea", 2));

        var left = await Assert.ThrowsAsync<DarqTestException>(() => darq.UntilIdle(TimeSpan.FromMinutes(1)));
        var notChecked = await Assert.ThrowsAsync<DarqTestException>(() =>
            CrashPoints.CheckAsync<Program>(darq => darq.Publish("closed", new Order("1", "tea", 2)))
        );

        Assert.Contains("the till is closed", left.Message, StringComparison.Ordinal);
        Assert.Contains("the till is closed", notChecked.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Handler_of_MapStep_without_a_failure_has_its_answer_alone()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>();
        await darq.Publish("parcels", new Order("1", "tea", 2));

        await darq.UntilIdle();

        Assert.Equal("""200 {"status":"SUCCESS"}""", Assert.Single(darq.Deliveries).Outcome);
    }
}
