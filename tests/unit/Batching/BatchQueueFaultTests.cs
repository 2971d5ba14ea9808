using Darq.Engine.Batching;
using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Tests.Shared;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Darq.Tests.Unit.Batching;

/// <summary>What callers of the queue hear when a batch is in doubt, a handler fails, a wait is given up, and at the end.</summary>
public sealed class BatchQueueFaultTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    // Where a request is ever completed, it is so by the time that the loop rests; this is for a thread that is late.
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData("OOM")]
    [InlineData("NOPERM")]
    public Task Batch_refused_after_a_lost_reply_is_answered_unknown_and_its_number_is_not_reused(string code) =>
        KnownDefect.ShowAsync("A1", "doubtful batch", async () =>
        {
            await using var run = new Run();
            run.Link.Next(_ => throw new RedisUnavailableException("cut off"))
                .Next(_ => throw new RedisRefusedException(code, $"{code} refused"));
            var doubtful = run.Submit(new FakeRequest(repeatable: false));
            run.Start();
            var told = await Record.ExceptionAsync(() => doubtful.WaitAsync(Patience));
            await run.Submit(new FakeRequest()).WaitAsync(Patience);

            var next = run.Link.Batches[^1];
            Assert.False((next.Session, next.Number) == ("s1", 1), "The number of the doubtful batch was given to the next one.");
            Assert.True(IsUnknown(told), $"The callers of the doubtful batch were told: {told?.Message}");
        });

    [Fact]
    public Task Fault_of_a_handler_fails_its_own_request_and_the_queue_goes_on() =>
        KnownDefect.ShowAsync("A4", "answered though a handler failed", async () =>
        {
            await using var run = new Run();
            var faulty = run.Submit(Failing());
            var beside = run.Submit(new FakeRequest());
            run.Start();

            await EndsAsync(beside, "a request of the same batch is answered though a handler failed");
            Assert.Equal("line 1", await beside);
            await EndsAsync(faulty, "the request itself is answered though a handler failed");
            await Assert.ThrowsAsync<DarqException>(() => faulty);
            var later = run.Submit(new FakeRequest());
            await EndsAsync(later, "a later request is answered though a handler failed");
            Assert.Equal("line 0", await later);
        });

    [Fact]
    public Task Fault_of_a_handler_changes_nothing_for_the_batch_that_is_in_flight() =>
        KnownDefect.ShowAsync("A4", "though Redis took it", async () =>
        {
            await using var run = new Run();
            // Its reply is handled while Redis has the second batch.
            _ = run.Submit(Failing());
            for (var i = 1; i < BatchQueue.MaxRequests; i++)
            {
                _ = run.Submit(new FakeRequest());
            }

            var inFlight = run.Submit(new FakeRequest());
            run.Start();

            var told = await Record.ExceptionAsync(() => inFlight.WaitAsync(Patience));

            Assert.True(told is null, $"A request was told \"{told?.Message}\" though Redis took it.");
        });

    [Fact]
    public Task Who_submits_after_the_end_is_told_that_the_component_stops() => KnownDefect.ShowAsync("C3", "after the end", async () =>
        {
            await using var run = new Run();
            run.Queue.Close();

            var told = await Record.ExceptionAsync(() => run.Submit(new FakeRequest()));

            var isTold = told is DarqException { Code: ErrorCode.Unavailable };
            Assert.True(isTold, $"Who submits after the end was told {told?.GetType().Name}.");
        });

    [Fact]
    public Task Wait_for_a_place_that_is_given_up_takes_no_room() => KnownDefect.ShowAsync("C3", "queue with nothing in it", async () =>
        {
            await using var run = new Run();
            // As many as the queue has places for, so that one more has to wait for one.
            var places = 2 * BatchQueue.MaxWaiting;
            Task<string>[] taken = [.. Enumerable.Range(0, places).Select(_ => run.Submit(new FakeRequest(patient: true)))];
            using var givenUp = new CancellationTokenSource();
            var waiting = run.Submit(new FakeRequest((int)BatchQueue.MaxWaitingBytes, patient: true), givenUp.Token);
            await givenUp.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
            run.Start();
            await Task.WhenAll(taken).WaitAsync(Patience);

            var told = await Record.ExceptionAsync(() => run.Submit(new FakeRequest()).WaitAsync(Patience));

            Assert.True(told is null, $"A queue with nothing in it says \"{told?.Message}\"");
        });

    [Fact]
    public Task Request_that_is_in_flight_at_the_end_is_told_that_its_outcome_is_unknown() =>
        KnownDefect.ShowAsync("C7", "in flight at the end", async () =>
        {
            await using var run = new Run();
            run.Link.Next(async _ =>
            {
                await Task.Delay(Timeout.Infinite, run.Stopping);
                return default;
            });
            var inFlight = run.Submit(new FakeRequest());
            run.Start();
            await run.StopAsync();

            await EndsAsync(inFlight, "a request in flight at the end hears something");
            var told = await Record.ExceptionAsync(() => inFlight);
            Assert.True(IsUnknown(told), $"A request in flight at the end was told: {told?.Message}");
        });

    private static FakeRequest Failing() => new(heard: _ => throw new InvalidOperationException("A fault of a handler."));

    private static bool IsUnknown(Exception? told) =>
        told is DarqException { Code: ErrorCode.Unavailable } && told.Message.Contains("unknown", StringComparison.Ordinal);

    private static Task EndsAsync(Task request, string because) => Eventually.TrueAsync(() => request.IsCompleted, AtOnce, because);

    /// <summary>A queue, which begins to work when the test says so.</summary>
    private sealed class Run : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stopping = new();
        private Task _running = Task.CompletedTask;

        public Run() => Queue = new(Link, new Keys("darq", 4), TimeProvider.System, NullLogger.Instance);

        public FakeLink Link { get; } = new();

        public BatchQueue Queue { get; }

        public CancellationToken Stopping => _stopping.Token;

        public Task<string> Submit(FakeRequest request, CancellationToken cancellation = default) =>
            Queue.SubmitAsync(request, cancellation).AsTask();

        public void Start() => _running = Queue.RunAsync(_stopping.Token);

        /// <summary>As a primary ends its queue.</summary>
        public async Task StopAsync()
        {
            await _stopping.CancelAsync();
            await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Queue.Close();
        }

        public async ValueTask DisposeAsync()
        {
            await StopAsync();
            _stopping.Dispose();
        }
    }
}
