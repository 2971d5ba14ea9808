using System.Collections.Concurrent;
using Darq.Testing;
using Darq.Tests.Sdk.App;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Darq.Tests.Sdk.Testing;

/// <summary>The clock that the test host gives to an app.</summary>
public sealed class HostTimeTests
{
    [Fact]
    public async Task Periodic_timer_ticks_as_often_as_its_period_says()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>();
        var time = darq.Services.GetRequiredService<TimeProvider>();
        var (start, minute) = (darq.Time.Now, TimeSpan.FromMinutes(1));
        var ticks = new ConcurrentQueue<TimeSpan>();
        await using var timer = time.CreateTimer(_ => ticks.Enqueue(time.GetUtcNow() - start), null, minute, minute);

        await darq.Time.AdvanceAsync(TimeSpan.FromMinutes(20));

        Assert.Equal(Enumerable.Range(1, 20).Select(tick => tick * minute), ticks);
    }

    [Fact]
    public async Task Wait_that_is_cancelled_leaves_the_rest_for_the_next()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>();
        await darq.Publish("hanging", "{}");
        using var cancelling = new CancellationTokenSource(TimeSpan.FromSeconds(1));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => darq.UntilIdle(cancellationToken: cancelling.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => darq.Time.AdvanceAsync(TimeSpan.FromHours(1), cancelling.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => darq.Publish("plain", 1, cancellationToken: cancelling.Token));

        Assert.Empty(darq.Emitted("plain"));
        Assert.Equal(["\"{}\""], darq.Emitted("hanging"));
    }

    [Fact]
    public async Task After_its_end_a_host_says_so()
    {
        var darq = await DarqTestHost.StartAsync<Program>();
        await darq.DisposeAsync();
        await darq.DisposeAsync();

        Assert.Throws<ObjectDisposedException>(() => darq.State.Get<int>("stock-tea"));
    }

    [Fact]
    public async Task Handler_that_hangs_is_ended_by_its_processing_timeout()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>(options => options.HandlerTimeout = TimeSpan.FromSeconds(3));
        var start = darq.Time.Now;
        await darq.Publish("stuck", new Order("1", "tea", 2));

        await darq.UntilIdle();

        Assert.Contains("processing timeout, 00:01:00", darq.Deliveries[0].Outcome, StringComparison.Ordinal);
        Assert.InRange(darq.Time.Now - start, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task Handler_that_asks_for_more_time_gets_it_from_the_component_too()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>(options => options.Setting("Darq:Binding", "work"));
        await darq.Publish("long", new Order("1", "tea", 2));

        await darq.UntilIdle();

        Assert.True(darq.Deliveries.Single().Succeeded, darq.Deliveries[0].Outcome);
        Assert.Single(darq.Emitted<Shipped>("shipped"));
    }

    [Fact]
    public async Task Real_work_is_not_ended_by_its_virtual_deadline()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>();
        await darq.Publish("guarded", new Order("1", "tea", 2));

        await darq.UntilIdle();

        Assert.Single(darq.Emitted<Shipped>("shipped"));
    }
}
