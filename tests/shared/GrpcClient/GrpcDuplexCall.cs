using Google.Protobuf;

namespace Darq.Tests.Shared.GrpcClient;

/// <summary>
/// A running duplex call. Any thread may write; one reads. Reading never throws for the way a call ends: it returns null, and
/// <see cref="Status"/> says why (a message over the limit or one that does not parse ends the call too, with a reset). Cancelling or
/// disposing an unfinished call resets its stream with CANCEL, without a half-close before.
/// </summary>
internal sealed class GrpcDuplexCall : IDisposable
{
    private readonly HttpRequestMessage _request;
    private readonly DuplexContent _content;
    private readonly Task<HttpResponseMessage> _answer;
    private readonly CancellationTokenSource _stop;
    private readonly int _maxReceiveBytes;
    private readonly Func<Exception, GrpcStatus> _ended;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private HttpResponseMessage? _response;
    private FrameReader? _reader;
    private int _cancelled;

    internal GrpcDuplexCall(HttpRequestMessage request, DuplexContent content, Task<HttpResponseMessage> answer,
        CancellationTokenSource stop, int maxReceiveBytes, Func<Exception, GrpcStatus> ended)
    {
        (_request, _content, _answer, _stop, _maxReceiveBytes, _ended) = (request, content, answer, stop, maxReceiveBytes, ended);
    }

    /// <summary>How the call ended; null while it runs.</summary>
    public GrpcStatus? Status { get; private set; }

    /// <summary>The server's response headers; null until the first read got them.</summary>
    public GrpcMetadata? Headers => _response is null ? null : GrpcResponse.Metadata(_response.Headers);

    /// <summary>The server's trailers; empty until the end.</summary>
    public GrpcMetadata Trailers => _response is null ? new() : GrpcResponse.Metadata(_response.TrailingHeaders);

    /// <summary>Writes and flushes one message. Throws <see cref="GrpcCallException"/> when the call is over.</summary>
    public async Task WriteAsync(IMessage message, CancellationToken cancellation = default)
    {
        var frame = MessageFrame.Of(message);
        await _writing.WaitAsync(cancellation);
        try
        {
            var stream = await _content.Opened;
            await stream.WriteAsync(frame, cancellation);
            await stream.FlushAsync(cancellation);
        }
        catch (Exception fault) when (!cancellation.IsCancellationRequested)
        {
            throw new GrpcCallException(Status ?? _ended(fault), fault);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Half-closes: no more messages from this side.</summary>
    public void Complete() => _content.Complete();

    /// <summary>The next message, or null when the call is over.</summary>
    public async ValueTask<T?> ReadAsync<T>(MessageParser<T> parser, CancellationToken cancellation = default)
        where T : class, IMessage<T>
    {
        if (Status is not null)
            return null;
        try
        {
            if (_reader is null && !await StartAsync())
                return null;
            if (await _reader!.ReadAsync(cancellation) is { } bytes)
                return StrictMessage.Parse(parser, bytes.Span);
            Status = GrpcResponse.Late(_response!);
            _content.Complete();
            return null;
        }
        catch (Exception fault) when (!cancellation.IsCancellationRequested)
        {
            Status = _ended(fault);
            Cancel();
            return null;
        }
    }

    public void Cancel()
    {
        if (Interlocked.Exchange(ref _cancelled, 1) != 0)
            return;
        _stop.Cancel();
        _response?.Dispose();
    }

    public void Dispose()
    {
        if (Status is null)
            Cancel();
        _content.Complete();
        _reader?.Dispose();
        _response?.Dispose();
        _request.Dispose();
        _stop.Dispose();
    }

    private async ValueTask<bool> StartAsync()
    {
        _response = await _answer;
        if (GrpcResponse.Early(_response) is { } early)
        {
            Status = early;
            _content.Complete();
            return false;
        }
        _reader = new(await _response.Content.ReadAsStreamAsync(_stop.Token), _maxReceiveBytes);
        return true;
    }
}
