using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace Darq.Grpc;

/// <summary>
/// One call as the transport sees it: the two bodies, the response's headers and trailers, the deadline and the client's
/// presence. Readers and writers of the call share it; it lives as long as the HTTP request.
/// </summary>
internal sealed class Exchange : IDisposable
{
    private const int ResetInternalError = 2;

    // Immutable.
    private readonly HttpContext _context;
    private readonly CancellationTokenSource? _deadline;
    private readonly CancellationTokenRegistration _aborted;

    // Under the lock of the call: a handler's first write and the early headers of a streaming call come from
    // different tasks.
    private Task? _started;
    private bool _headersPrepared;

    // One read and one write at a time.
    private CancellationScope _reading;
    private CancellationScope _writing;

    // Set once by the reader, before the call ends.
    private volatile bool _clientIsGone;
    private volatile bool _compressionRefused;

    // Set once when the call ends.
    private volatile bool _over;

    public Exchange(HttpContext context, TimeSpan? timeout, GrpcLimits limits, TimeProvider time)
    {
        _context = context;
        Limits = limits;
        if (timeout is { } allowed)
        {
            _deadline = new CancellationTokenSource(allowed, time);
            _aborted = context.RequestAborted.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), _deadline);
        }

        var deadline = timeout is null ? (DateTimeOffset?)null : time.GetUtcNow() + timeout;
        Call = new ServerCall(context.Request.Path.Value ?? "", new Metadata(context.Request.Headers), deadline, _deadline?.Token ?? context.RequestAborted);
    }

    public ServerCall Call { get; }

    public GrpcLimits Limits { get; }

    public PipeReader RequestBody => _context.Request.BodyReader;

    public PipeWriter ResponseBody => _context.Response.BodyWriter;

    public bool IsClientGone => _clientIsGone || _context.RequestAborted.IsCancellationRequested;

    public bool IsDeadlinePassed => _deadline is { IsCancellationRequested: true } && !IsClientGone;

    /// <summary>
    /// The token for one read. A handler's forgotten task that still reads or writes after its call is refused here, because
    /// the transport hands the same buffers to the next call.
    /// </summary>
    public CancellationToken CancelReadWith(CancellationToken caller)
    {
        ObjectDisposedException.ThrowIf(_over, this);
        return _reading.Of(Call.Cancelled, caller);
    }

    /// <summary>The token for one write, as <see cref="CancelReadWith"/>.</summary>
    public CancellationToken CancelWriteWith(CancellationToken caller)
    {
        ObjectDisposedException.ThrowIf(_over, this);
        return _writing.Of(Call.Cancelled, caller);
    }

    /// <summary>The transport reports a client that went away as a failed read, sometimes before the call's token fires.</summary>
    public OperationCanceledException ClientIsGone(Exception? fault)
    {
        _clientIsGone = true;
        return new OperationCanceledException("The client gave up the call.", fault, Call.Cancelled);
    }

    /// <summary>The client is told what it may send instead.</summary>
    public RpcException CompressionRefused()
    {
        _compressionRefused = true;
        return new RpcException(StatusCode.Unimplemented, "Compressed messages are not supported; send them with grpc-encoding: identity.");
    }

    /// <summary>
    /// Runs the handler of a streaming call and sends the response headers as soon as it waits for anything: a client may
    /// wait for them before it sends or expects the first message.
    /// </summary>
    public async Task StreamAsync(Func<Task> handler)
    {
        var running = handler();
        try
        {
            if (!running.IsCompleted)
                await StartResponseAsync();
        }
        finally
        {
            await running;
        }
    }

    public Task StartResponseAsync()
    {
        lock (Call)
            return _started ??= FlushHeadersAsync();
    }

    public void PrepareHeaders()
    {
        lock (Call)
        {
            if (_headersPrepared)
                return;
            _headersPrepared = true;
        }

        SetHeaders();
    }

    /// <summary>Ends the call. A failure before anything was written needs no body: its trailers are sent as the headers.</summary>
    public void Finish(StatusCode code, RpcException? fault)
    {
        if (IsClientGone)
            return;
        if (code == StatusCode.Ok)
            PrepareHeaders();
        var destination = _headersPrepared
            ? _context.Features.GetRequiredFeature<IHttpResponseTrailersFeature>().Trailers
            : SetHeaders();
        Call.SendTrailers(destination);
        if (_compressionRefused)
            destination["grpc-accept-encoding"] = "identity";
        StatusText.Write(destination, code, fault);
    }

    /// <summary>Takes the call back when half a message is in the response and nothing sensible can follow it.</summary>
    public void Reset() => _context.Features.GetRequiredFeature<IHttpResetFeature>().Reset(ResetInternalError);

    public void Dispose()
    {
        _over = true;
        _aborted.Dispose();
        _reading.Dispose();
        _writing.Dispose();
        _deadline?.Dispose();
    }

    private async Task FlushHeadersAsync()
    {
        PrepareHeaders();
        await ResponseBody.FlushAsync(CancellationToken.None);
    }

    private IHeaderDictionary SetHeaders()
    {
        var headers = _context.Response.Headers;
        headers.ContentType = "application/grpc";
        Call.SendHeaders(headers);
        return headers;
    }
}
