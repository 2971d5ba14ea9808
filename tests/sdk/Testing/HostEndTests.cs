using System.Runtime.CompilerServices;
using Darq.Testing;
using Darq.Tests.Sdk.App;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace Darq.Tests.Sdk.Testing;

/// <summary>What is left of a test host, and of those who wait for it, when it has ended.</summary>
public sealed class HostEndTests
{
    [Fact]
    public async Task Host_that_has_ended_does_not_stay_in_memory()
    {
        var processes = await EndedProcessesAsync();

        for (var i = 0; i < 20 && processes.Any(process => process.IsAlive); i++)
        {
            await Task.Yield();
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.DoesNotContain(processes, process => process.IsAlive);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<WeakReference[]> EndedProcessesAsync()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>();
        var first = new WeakReference(darq.Services);
        await darq.Publish("plain", new Order("1", "tea", 2));
        darq.CrashNext("plain", At.AfterHandler);
        await darq.UntilIdle();
        return [first, new(darq.Services), new(darq.World)];
    }

    [Fact]
    public async Task Wait_that_is_under_way_ends_with_its_host()
    {
        var darq = await DarqTestHost.StartAsync<Program>(options => options.HandlerTimeout = TimeSpan.FromHours(1));
        await darq.Publish("hanging", "{}");
        var idle = darq.UntilIdle(TimeSpan.FromHours(9));
        var publishing = darq.Publish("plain", new Order("1", "tea", 2));

        await darq.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => idle.WaitAsync(TimeSpan.FromSeconds(10)));
        await Task.WhenAny(publishing).WaitAsync(TimeSpan.FromSeconds(10));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => darq.UntilIdle());
    }

    [Fact]
    public async Task Signals_end_the_test_and_not_the_app_alone()
    {
        await using var darq = await DarqTestHost.StartAsync<Program>();

        var lifetime = darq.Services.GetRequiredService<IHostLifetime>();

        // That of a console would take SIGTERM and Ctrl+C for the app.
        Assert.Equal(typeof(DarqTestHost).Assembly, lifetime.GetType().Assembly);
    }
}
