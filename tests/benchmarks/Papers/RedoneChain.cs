using Darq.Benchmarks.Client;
using Darq.Benchmarks.Hops;

namespace Darq.Benchmarks.Papers;

/// <summary>
/// A chain that waits after its first delivery until it is let go, loses what it does then, and has to come to its output once: deliveries
/// before that may come again, and none may be left out.
/// </summary>
internal sealed class RedoneChain(int hops, Task letGo) : IChain
{
    private readonly TaskCompletionSource _waits = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<long> _output = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();

    // Under _lock.
    private int _expected;
    private int _again;
    private string? _fault;

    /// <summary>Its first delivery is here, and waits.</summary>
    public Task Waits => _waits.Task;

    /// <summary>When its output could be seen.</summary>
    public Task<long> Output => _output.Task;

    public async Task ArrivedAsync(int hop, long now)
    {
        lock (_lock)
        {
            if (hop > _expected)
            {
                _fault ??= $"hop {hop} of a chain came where {_expected} was to come";
            }

            if (_expected == hops)
            {
                _fault ??= $"hop {hop} of a chain came after its output";
            }

            if (hop < _expected)
            {
                _again++;
            }

            _expected = Math.Max(_expected, hop + 1);
        }

        if (hop == hops - 1)
        {
            _output.TrySetResult(now);
        }

        _waits.TrySetResult();
        await letGo;
    }

    public void End() { }

    /// <summary>Throws where the chain did not do what it has to.</summary>
    public void Check()
    {
        lock (_lock)
        {
            if (_fault is not null || _again == 0)
            {
                throw new LoadFailedException(_fault ?? "nothing of a chain was lost");
            }
        }
    }
}
