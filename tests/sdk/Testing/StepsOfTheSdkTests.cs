using Darq.Testing;
using Darq.Tests.Sdk.App;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Darq.Tests.Sdk.Testing;

/// <summary>Handlers of <c>MapStep</c> in the test host: the SDK's own calls are none of theirs.</summary>
public sealed class StepsOfTheSdkTests
{
    private static readonly Order Tea = new("1", "tea", 2);

    [Theory]
    [InlineData(false, "after call 2 (ExecuteStateTransaction stock-tea, order-1) took effect")]
    [InlineData(true, "after call 2 (InvokeBinding step) took effect")]
    public async Task Crash_after_the_commit_is_one_at_the_handlers_own(bool byBinding, string moment)
    {
        await using var darq = await DarqTestHost.StartAsync<Program>(options => SendBy(options, byBinding));
        darq.State.Set("stock-tea", 5);
        await darq.Publish("parcels", Tea, key: "ann");
        darq.CrashNext("parcels", At.AfterCommit);

        await darq.UntilIdle();

        Assert.StartsWith("the process died " + moment, darq.Deliveries[0].Outcome, StringComparison.Ordinal);
        Assert.Equal(3, darq.State.Get<int>("stock-tea"));
        Assert.Single(darq.Emitted<Shipped>("shipped"));
    }

    [Fact]
    public async Task First_call_of_a_handler_is_its_own_in_every_process()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>();
        darq.State.Set("stock-tea", 5);
        await darq.Publish("parcels", Tea, key: "ann");
        darq.CrashNext("parcels", At.BeforeCall(1));
        darq.CrashNext("parcels", At.AfterCall(1));

        await darq.UntilIdle();

        Assert.StartsWith("the process died before call 1 (GetState stock-tea)", darq.Deliveries[0].Outcome, StringComparison.Ordinal);
        Assert.StartsWith("the process died after call 1 (GetState stock-tea)", darq.Deliveries[1].Outcome, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Barrier_is_answered_by_the_component_in_the_host()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>(options => SendBy(options, binding: true));
        var client = darq.Services.GetRequiredService<IDarqClient>();

        // The simulated Redis promises no more than its reply.
        Assert.False(await client.BarrierAsync());
        var refused = await Assert.ThrowsAsync<StepException>(() => client.BarrierAsync(["nowhere"]));
        Assert.Equal(StepOutcome.Refused, refused.Outcome);
    }

    [Fact]
    public async Task Step_by_the_binding_survives_a_crash_at_every_point() =>
        Assert.True(
            await CrashPoints.CheckAsync<Program>(
                async darq =>
                {
                    darq.State.Set("stock-tea", 5);
                    await darq.Publish("parcels", Tea, key: "ann");
                    await darq.UntilIdle();
                    Assert.Single(darq.Emitted<Shipped>("shipped"));
                },
                configure: options => SendBy(options, binding: true)
            ) >= 7
        );

    [Fact]
    public async Task Work_in_real_time_does_not_end_the_processing_time()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>();
        await darq.Publish("working", Tea);

        await darq.UntilIdle();

        Assert.True(darq.Deliveries.Single().Succeeded, darq.Deliveries[0].Outcome);
    }

    [Fact]
    public async Task App_that_asks_for_a_token_gets_its_messages()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>(options => options.Setting("APP_API_TOKEN", "let me in"));
        darq.State.Set("stock-tea", 5);
        await darq.Publish("parcels", Tea);

        await darq.UntilIdle();

        Assert.Equal(3, darq.State.Get<int>("stock-tea"));
    }

    private static void SendBy(DarqTestOptions options, bool binding)
    {
        if (binding)
        {
            options.Setting("Darq:Binding", "work");
        }
    }
}
