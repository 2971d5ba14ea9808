using System.Threading.Channels;
using Darq.Testing.Scheduling;
using Xunit;

namespace Darq.Tests.Simulation.Tests;

public sealed class LoopTests
{
    private readonly List<string> _seen = [];

    [Fact]
    public void Everything_that_the_component_awaits_comes_back_to_the_one_thread_in_virtual_time()
    {
        var loop = Isolated(1, out var process);
        process.Start(async () =>
        {
            await Task.Delay(TimeSpan.FromHours(1), process.Time);
            loop.EnsureInside();
            using var patience = new CancellationTokenSource(TimeSpan.FromHours(1), process.Time);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.Delay(Timeout.Infinite, patience.Token));
            loop.EnsureInside();
            var channel = Channel.CreateBounded<int>(1);
            process.Start(async () =>
            {
                using var timer = new PeriodicTimer(TimeSpan.FromMinutes(1), process.Time);
                while (await timer.WaitForNextTickAsync())
                {
                    await channel.Writer.WriteAsync(1);
                }
            });
            for (var i = 0; i < 10; i++)
            {
                await channel.Reader.ReadAsync();
            }

            loop.EnsureInside();
            await Assert.ThrowsAsync<TimeoutException>(() =>
                new TaskCompletionSource().Task.WaitAsync(TimeSpan.FromHours(1), process.Time)
            );
            using var gate = new SemaphoreSlim(0);
            process.Start(async () =>
            {
                await Task.Delay(TimeSpan.FromHours(1), process.Time);
                gate.Release();
            });
            await gate.WaitAsync();
            loop.EnsureInside();
            _seen.Add("done");
        });

        Assert.True(loop.RunUntil(() => _seen.Count > 0, TimeSpan.FromDays(1)));

        Assert.Equal(TimeSpan.FromHours(4) + TimeSpan.FromMinutes(10), loop.Now - Started);
    }

    [Fact]
    public void Paused_process_stands_still_and_goes_on_when_resumed()
    {
        var loop = Isolated(1, out var process);
        process.Start(() => TickAsync(process));
        loop.RunFor(TimeSpan.FromSeconds(3.5));
        process.Pause();
        loop.RunFor(TimeSpan.FromSeconds(10));
        Assert.Equal(3, _seen.Count);

        process.Resume();
        loop.RunFor(TimeSpan.FromSeconds(1.5));

        Assert.Equal(5, _seen.Count);
    }

    [Fact]
    public void Killed_process_never_runs_again()
    {
        var loop = Isolated(1, out var process);
        process.Start(() => TickAsync(process));
        loop.RunFor(TimeSpan.FromSeconds(2.5));

        process.Kill();
        loop.RunFor(TimeSpan.FromSeconds(10));

        Assert.Equal(2, _seen.Count);
    }

    [Fact]
    public void Same_seed_gives_the_same_order_and_another_seed_another()
    {
        string Run(int seed)
        {
            _seen.Clear();
            var loop = Isolated(seed, out var process);
            for (var i = 0; i < 20; i++)
            {
                var name = $"{i}";
                process.Start(async () =>
                {
                    await Task.Yield();
                    _seen.Add(name);
                });
            }
            loop.RunFor(TimeSpan.FromSeconds(1));
            return string.Join(' ', _seen);
        }

        Assert.Equal(Run(1), Run(1));
        Assert.NotEqual(Run(1), Run(2));
    }

    [Fact]
    public void Fault_in_a_process_fails_the_run()
    {
        var loop = Isolated(1, out var process);
        process.Start(() => throw new InvalidDataException("seen"));
        Assert.Contains(
            "seen",
            Assert.Throws<InvalidOperationException>(() => loop.RunFor(TimeSpan.FromSeconds(1))).Message,
            StringComparison.Ordinal
        );
    }

    private static DateTimeOffset Started { get; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static Loop Isolated(int seed, out SimulatedProcess process)
    {
        var loop = new Loop(new Random(seed));
        process = new SimulatedProcess(loop, "process");
        return loop;
    }

    private async Task TickAsync(SimulatedProcess process)
    {
        while (true)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), process.Time);
            _seen.Add("tick");
        }
    }
}
