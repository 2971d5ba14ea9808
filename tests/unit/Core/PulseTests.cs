using Darq.Engine.Core;
using Xunit;

namespace Darq.Tests.Unit.Core;

public sealed class PulseTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Pulse _pulse = new();

    [Fact]
    public async Task What_was_set_before_ends_the_next_wait_once()
    {
        _pulse.Set();
        _pulse.Set();

        await _pulse.WaitAsync().AsTask().WaitAsync(Patience);
        var second = _pulse.WaitAsync().AsTask();
        Assert.False(second.IsCompleted);

        _pulse.Set();
        await second.WaitAsync(Patience);
    }

    [Fact]
    public void A_wait_goes_on_where_it_is_set()
    {
        var thread = 0;
        async Task WaitAsync()
        {
            await _pulse.WaitAsync();
            thread = Environment.CurrentManagedThreadId;
        }

        var waiting = WaitAsync();
        _pulse.Set();

        Assert.True(waiting.IsCompleted);
        Assert.Equal(Environment.CurrentManagedThreadId, thread);
    }

    [Fact]
    public async Task Nothing_set_by_many_is_ever_missed()
    {
        const int Setters = 4;
        const int Each = 20_000;
        var (given, taken) = (0, 0);
        async Task TakeAsync()
        {
            while (taken < Setters * Each)
            {
                taken = Volatile.Read(ref given);
                if (taken < Setters * Each)
                {
                    await _pulse.WaitAsync();
                }
            }
        }

        var taking = Task.Run(TakeAsync);
        await Task.WhenAll(Enumerable.Range(0, Setters).Select(_ => Task.Run(Give))).WaitAsync(Patience);
        await taking.WaitAsync(Patience);

        void Give()
        {
            for (var i = 0; i < Each; i++)
            {
                Interlocked.Increment(ref given);
                _pulse.Set();
            }
        }
    }
}
