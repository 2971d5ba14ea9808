using System.Text;
using Darq.Partitions;
using Darq.Redis;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Darq.Tests.Unit.Partitions;

/// <summary>The queue in front of a primary, against a primary that only counts what it is sent.</summary>
public sealed class BatchQueueTests : IAsyncDisposable
{
    private readonly CountingLink _link = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly BatchQueue _queue;
    private readonly Task _running;

    public BatchQueueTests()
    {
        _queue = new(_link, new Keys("darq", 4), TimeProvider.System, NullLogger.Instance);
        _running = _queue.RunAsync(_stopping.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _queue.Close();
        _stopping.Dispose();
        _link.Dispose();
    }

    [Fact]
    public async Task What_arrives_while_a_batch_is_under_way_is_the_next_batch()
    {
        _link.Hold();
        var first = _queue.SubmitAsync(new Request(), default);
        await _link.SentAsync(1);
        var others = Enumerable.Range(0, 10).Select(_ => _queue.SubmitAsync(new Request(), default)).ToArray();
        _link.Release();
        await Task.WhenAll([first, .. others]);

        Assert.Equal([1, 10], _link.BatchSizes);
    }

    [Fact]
    public async Task A_lost_reply_is_asked_for_again_under_the_same_number()
    {
        _link.LoseNextReply = true;

        Assert.Equal("DONE", await _queue.SubmitAsync(new Request(), default));
        Assert.Equal([1, 1], _link.Numbers);
    }

    [Fact]
    public async Task A_request_that_cannot_be_written_fails_alone_and_the_queue_goes_on()
    {
        var refused = await Assert.ThrowsAsync<DarqException>(() => _queue.SubmitAsync(new Request { Breaks = true }, default));

        Assert.Equal(Refusal.Unavailable, refused.Refusal);
        Assert.Equal("DONE", await _queue.SubmitAsync(new Request(), default));
    }

    [Fact]
    public async Task A_full_Redis_still_takes_what_frees_memory()
    {
        _link.Hold();
        var held = _queue.SubmitAsync(new Request(), default);
        await _link.SentAsync(1);
        var taking = _queue.SubmitAsync(new Request(), default);
        var freeing = _queue.SubmitAsync(new Request { FreesMemory = true }, default);
        _link.IsOutOfMemory = true;
        _link.Release();

        Assert.Equal(Refusal.Full, (await Assert.ThrowsAsync<DarqException>(() => taking)).Refusal);
        Assert.Equal("DONE", await freeing);
        Assert.Equal(Refusal.Full, (await Assert.ThrowsAsync<DarqException>(() => held)).Refusal);
    }

    [Fact]
    public async Task More_than_may_wait_is_refused_at_once()
    {
        _link.Hold();
        var held = _queue.SubmitAsync(new Request(), default);
        await _link.SentAsync(1);
        var waiting = Enumerable.Range(0, BatchQueue.MaxWaiting).Select(_ => _queue.SubmitAsync(new Request(), default)).ToArray();

        var refused = await Assert.ThrowsAsync<DarqException>(() => _queue.SubmitAsync(new Request(), default));
        _link.Release();
        await Task.WhenAll([held, .. waiting]);

        Assert.Equal(Refusal.Full, refused.Refusal);
    }

    private sealed class Request() : BatchRequest("test")
    {
        public bool Breaks { get; init; }

        public bool FreesMemory { get; init; }

        public override int Size => 10;

        public override bool Frees => FreesMemory;

        public override void Write(BatchWriter writer)
        {
            if (Breaks) throw new InvalidOperationException("This request cannot be written.");
            writer.Add(writer.Place(1));
        }
    }

    private sealed class CountingLink : IPrimaryLink, IDisposable
    {
        private readonly Session _session = new("s", 0);
        private readonly SemaphoreSlim _sent = new(0);
        private TaskCompletionSource _go = Completed();

        public List<int> BatchSizes { get; } = [];

        public List<int> Numbers { get; } = [];

        public bool LoseNextReply { get; set; }

        public bool IsOutOfMemory { get; set; }

        public long HighestWorldLine => 1;

        public void Dispose() => _sent.Dispose();

        public void Hold() => _go = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Release() => _go.SetResult();

        public async Task SentAsync(int batches)
        {
            for (var i = 0; i < batches; i++) Assert.True(await _sent.WaitAsync(TimeSpan.FromSeconds(10)));
        }

        public Task<Session> ReadyAsync(CancellationToken cancellation) => Task.FromResult(_session);

        public async Task<RedisReply> CallAsync(FunctionCall call, CancellationToken cancellation)
        {
            var (number, count) = (Number(call, 0), Number(call, 3));
            Numbers.Add(number);
            BatchSizes.Add(count);
            _sent.Release();
            await _go.Task.WaitAsync(cancellation);
            if (IsOutOfMemory && !call.Function.EndsWith("batch_free", StringComparison.Ordinal)) throw new RedisRefusedException("OOM", "OOM command not allowed");
            if (LoseNextReply)
            {
                LoseNextReply = false;
                throw new RedisUnavailableException("The reply was lost.");
            }
            return RedisReply.Of(Encoding.UTF8.GetBytes($"OK {number}{string.Concat(Enumerable.Repeat("\nDONE", count))}"));
        }

        public void Distrust(string why) => throw new InvalidOperationException(why);

        public Task<bool> IsPassingAsync(RedisRefusedException refused, CancellationToken cancellation) => Task.FromResult(false);

        private static int Number(FunctionCall call, int index) => int.Parse(Encoding.UTF8.GetString(call.Arguments[index].ToBytes()), System.Globalization.CultureInfo.InvariantCulture);

        private static TaskCompletionSource Completed()
        {
            var done = new TaskCompletionSource();
            done.SetResult();
            return done;
        }
    }
}
