using Google.Protobuf;
using Grpc.Core;

namespace Darq.Tests.Shared.GrpcClient;

/// <summary>
/// A running duplex call. Any thread may write; one reads. Reading never throws for the way a call ends: it returns null, and
/// <see cref="Status"/> says why (a message over the limit or one that does not parse ends the call too, with a reset). Cancelling or
/// disposing an unfinished call resets its stream with CANCEL, without a half-close before.
/// </summary>
internal sealed class GrpcDuplexCall(
    AsyncDuplexStreamingCall<IMessage, byte[]> call,
    CancellationTokenSource stop,
    Func<RpcException, GrpcStatus> ended
) : IDisposable
{
    private readonly SemaphoreSlim _writing = new(1, 1);

    /// <summary>How the call ended; null while it runs.</summary>
    public GrpcStatus? Status { get; private set; }

    /// <summary>Writes and flushes one message. Throws <see cref="GrpcCallException"/> when the call is over.</summary>
    public async Task WriteAsync(IMessage message, CancellationToken cancellation = default)
    {
        await _writing.WaitAsync(cancellation);
        try
        {
            await call.RequestStream.WriteAsync(message, cancellation);
        }
        catch (RpcException fault)
        {
            throw new GrpcCallException(Status ?? ended(fault), fault);
        }
        catch (InvalidOperationException fault)
        {
            throw new GrpcCallException(Status ?? new(GrpcCode.Internal, "the call is over"), fault);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Half-closes: no more messages from this side.</summary>
    public Task CompleteAsync() => call.RequestStream.CompleteAsync();

    /// <summary>The next message, or null when the call is over.</summary>
    public async ValueTask<T?> ReadAsync<T>(MessageParser<T> parser, CancellationToken cancellation = default)
        where T : class, IMessage<T>
    {
        if (Status is not null)
        {
            return null;
        }

        try
        {
            if (await call.ResponseStream.MoveNext(cancellation))
            {
                return StrictMessage.Parse(parser, call.ResponseStream.Current);
            }

            Status = GrpcStatus.OK;
        }
        catch (RpcException fault) when (!cancellation.IsCancellationRequested)
        {
            Status = ended(fault);
        }
        catch (GrpcCallException fault)
        {
            Status = fault.Status;
            Cancel();
        }

        return null;
    }

    public void Cancel() => stop.Cancel();

    public void Dispose()
    {
        call.Dispose();
        stop.Dispose();
    }
}
