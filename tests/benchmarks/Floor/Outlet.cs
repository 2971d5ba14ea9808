using Grpc.Core;

namespace Darq.Benchmarks.Floor;

/// <summary>
/// The one stream to which messages go, in their order. Those wait here that come before it is open, or while its reader takes no more:
/// who sends one never waits for the reader.
/// </summary>
internal sealed class Outlet<TMessage>
{
    private readonly Lock _lock = new();

    // All under the lock.
    private readonly Queue<TMessage> _waiting = new();
    private IServerStreamWriter<TMessage>? _stream;
    private Task _writing = Task.CompletedTask;
    private bool _isWriting;

    public void Open(IServerStreamWriter<TMessage> stream)
    {
        lock (_lock)
        {
            _stream = stream;
        }

        Write();
    }

    public void Send(TMessage message)
    {
        lock (_lock)
        {
            _waiting.Enqueue(message);
        }

        Write();
    }

    private void Write()
    {
        lock (_lock)
        {
            if (_stream is null || _isWriting)
            {
                return;
            }

            _isWriting = true;
        }
        // Outside the lock: a write that need not wait is made at once, on this thread.
        _writing = WriteAsync(_stream);
    }

    private async Task WriteAsync(IServerStreamWriter<TMessage> stream)
    {
        while (TryTake(out var message))
        {
            await stream.WriteAsync(message, CancellationToken.None);
        }
    }

    private bool TryTake([System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out TMessage message)
    {
        lock (_lock)
        {
            _isWriting = _waiting.TryDequeue(out message);
            return _isWriting;
        }
    }
}
