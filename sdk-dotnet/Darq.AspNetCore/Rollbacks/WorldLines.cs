using System.Collections.Concurrent;

namespace Darq.AspNetCore.Rollbacks;

/// <summary>The world-lines that deliveries have named, one for each pub/sub component, and who hears of a new one.</summary>
internal sealed class WorldLines(IEnumerable<IRollbackHandler> handlers) : IDisposable
{
    private readonly IRollbackHandler[] _handlers = [.. handlers];
    private readonly ConcurrentDictionary<string, Known> _known = new(StringComparer.Ordinal);

    /// <summary>
    /// To be called before a delivery is handled. The first of a higher world-line calls the handlers, while others of it wait. One of a
    /// lower world-line goes on: its step is fenced.
    /// </summary>
    public async ValueTask EnterAsync(string pubSub, long worldLine, CancellationToken cancellationToken)
    {
        if (_handlers.Length == 0)
        {
            return;
        }

        var known = _known.GetOrAdd(pubSub, static _ => new Known());
        if (worldLine <= Volatile.Read(ref known.Highest))
        {
            return;
        }

        await known.Turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var former = known.Highest;
            if (worldLine <= former)
            {
                return;
            }

            foreach (var handler in _handlers)
            {
                await handler.OnRollbackAsync(new Rollback(pubSub, former, worldLine), cancellationToken).ConfigureAwait(false);
            }

            Volatile.Write(ref known.Highest, worldLine);
        }
        finally
        {
            known.Turn.Release();
        }
    }

    public void Dispose()
    {
        foreach (var known in _known.Values)
        {
            known.Dispose();
        }
    }

    private sealed class Known : IDisposable
    {
        public readonly SemaphoreSlim Turn = new(1);
        public long Highest;

        public void Dispose() => Turn.Dispose();
    }
}
