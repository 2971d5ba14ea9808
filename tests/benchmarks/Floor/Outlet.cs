using Grpc.Core;

namespace Darq.Benchmarks.Floor;

/// <summary>The one stream to which messages go. Those that come before it is open wait for it.</summary>
internal sealed class Outlet<TMessage> : IDisposable
{
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Queue<TMessage> _waiting = new();
    private IServerStreamWriter<TMessage>? _stream;

    public async Task OpenAsync(IServerStreamWriter<TMessage> stream)
    {
        await _writing.WaitAsync();
        try
        {
            _stream = stream;
            while (_waiting.TryDequeue(out var message))
            {
                await stream.WriteAsync(message, CancellationToken.None);
            }
        }
        finally
        {
            _writing.Release();
        }
    }

    public async Task SendAsync(TMessage message)
    {
        await _writing.WaitAsync();
        try
        {
            if (_stream is null)
            {
                _waiting.Enqueue(message);
            }
            else
            {
                await _stream.WriteAsync(message, CancellationToken.None);
            }
        }
        finally
        {
            _writing.Release();
        }
    }

    public void Dispose() => _writing.Dispose();
}
