using Darq.Engine.Core;
using Darq.Engine.Redis;

namespace Darq.Engine.Batching;

/// <summary>
/// Lets requests that are larger than a batch into the queue one at a time, beside the bound of what waits there. Memory: one request, and
/// at most <see cref="MaxWaitingBytes"/> of those that wait for their turn.
/// </summary>
internal sealed class LargeRequests
{
    public const long MaxWaitingBytes = 128 << 20;

    private static readonly TimeSpan PerMebibyte = TimeSpan.FromSeconds(0.5);

    // Set while no request has the turn.
    private readonly AsyncAutoResetEvent _turn;
    private long _waitingBytes;

    public LargeRequests(TimeProvider time)
    {
        _turn = new(time);
        _turn.Set();
    }

    /// <summary>What a call of so many bytes may take longer than others, to travel and to be executed.</summary>
    public static TimeSpan ExtraTime(long bytes) => bytes > BatchQueue.MaxBytes ? PerMebibyte * (bytes >> 20) : TimeSpan.Zero;

    /// <summary>
    /// Waits for the turn of a request; returns what the queue then holds in its place. Throws <see cref="DarqException"/> (Full) where too
    /// much waits already.
    /// </summary>
    public async ValueTask<IBatchRequest> EnterAsync(IBatchRequest request, CancellationToken cancellation)
    {
        if (Interlocked.Add(ref _waitingBytes, request.Size) > MaxWaitingBytes)
        {
            Interlocked.Add(ref _waitingBytes, -request.Size);
            throw new DarqException(
                ErrorCode.Full,
                $"FULL: {MaxWaitingBytes >> 20} MiB of large requests are waiting for Redis already; try again."
            );
        }

        try
        {
            await _turn.WaitAsync(cancellation);
        }
        finally
        {
            Interlocked.Add(ref _waitingBytes, -request.Size);
        }

        return new Turn(_turn, request);
    }

    /// <summary>A request whose turn ends with its answer, also where its caller has given up before.</summary>
    private sealed class Turn(AsyncAutoResetEvent turn, IBatchRequest request) : IBatchRequest
    {
        private int _isOver;

        public RedisArgument Name => request.Name;

        public int Size => request.Size;

        public bool Frees => request.Frees;

        public bool Repeatable => request.Repeatable;

        public bool NeverGivesUp => request.NeverGivesUp;

        public void Write(BatchWriter writer) => request.Write(writer);

        public void Answer(string line)
        {
            End();
            request.Answer(line);
        }

        public void Fail(Exception why)
        {
            End();
            request.Fail(why);
        }

        private void End()
        {
            if (Interlocked.Exchange(ref _isOver, 1) == 0)
            {
                turn.Set();
            }
        }
    }
}
