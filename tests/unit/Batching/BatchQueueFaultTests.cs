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

    [Theory]
    [InlineData("OOM")]
    [InlineData("NOPERM")]
    public async Task Batch_refused_after_a_lost_reply_is_answered_unknown_and_its_number_is_not_reused(string code)
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
    }

    [Fact]
    public async Task Fault_of_a_handler_fails_its_own_request_and_the_queue_goes_on()
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
    }

    [Fact]
    public async Task Fault_of_a_handler_changes_nothing_for_the_batch_that_is_in_flight()
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
    }

    [Fact]
    public async Task Who_submits_after_the_end_is_told_that_the_component_stops()
    {
        await using var run = new Run();
        await run.StopAsync();

        var told = await Record.ExceptionAsync(() => run.Submit(new FakeRequest()));

        var isTold = told is DarqException { Code: ErrorCode.Unavailable };
        Assert.True(isTold, $"Who submits after the end was told {told?.GetType().Name}.");
    }

    [Fact]
    public async Task Wait_for_a_place_that_is_given_up_takes_no_room()
    {
        await using var run = new Run();
        // As many as the queue has places for, so that one more has to wait for one.
        var places = 2 * BatchQueue.MaxWaiting;
        Task<string>[] taken = [.. Enumerable.Range(0, places).Select(_ => run.Submit(new FakeRequest(neverGivesUp: true)))];
        using var givenUp = new CancellationTokenSource();
        var waiting = run.Submit(new FakeRequest((int)BatchQueue.MaxWaitingBytes, neverGivesUp: true), givenUp.Token);
        await givenUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        run.Start();
        await Task.WhenAll(taken).WaitAsync(Patience);

        var told = await Record.ExceptionAsync(() => run.Submit(new FakeRequest()).WaitAsync(Patience));

        Assert.True(told is null, $"A queue with nothing in it says \"{told?.Message}\"");
    }

    [Fact]
    public async Task Request_that_is_in_flight_at_the_end_is_told_that_its_outcome_is_unknown()
    {
        await using var run = new Run();
        var hangs = run.Link.Hang();
        var inFlight = run.Submit(new FakeRequest());
        run.Start();
        await hangs.WaitAsync(Patience);
        await run.StopAsync();

        await EndsAsync(inFlight, "a request in flight at the end hears something");
        var told = await Record.ExceptionAsync(() => inFlight);
        Assert.True(IsUnknown(told), $"A request in flight at the end was told: {told?.Message}");
    }

    [Fact]
    public async Task Call_that_is_cancelled_though_nothing_ends_is_a_fault_like_any_other()
    {
        await using var run = new Run();
        run.Link.Next(_ => throw new TaskCanceledException("given up inside the client"));
        var doubtful = run.Submit(new FakeRequest());
        run.Start();

        await EndsAsync(doubtful, "a request whose call was cancelled hears something");
        Assert.True(IsUnknown(await Record.ExceptionAsync(() => doubtful)));
        Assert.Equal("line 0", await run.Submit(new FakeRequest()).WaitAsync(Patience));
    }

    private static FakeRequest Failing() => new(heard: _ => throw new InvalidOperationException("A fault of a handler."));

    private static bool IsUnknown(Exception? told) =>
        told is DarqException { Code: ErrorCode.Unavailable } && told.Message.Contains("unknown", StringComparison.Ordinal);

    private static Task EndsAsync(Task request, string because) => Eventually.TrueAsync(() => request.IsCompleted, Patience, because);

    /// <summary>A queue, which begins to work when the test says so.</summary>
    private sealed class Run : IAsyncDisposable
    {
        public Run() => Queue = new(Link, new Keys("darq", 4), TimeProvider.System, NullLogger.Instance);

        public FakeLink Link { get; } = new();

        public BatchQueue Queue { get; }

        public Task<string> Submit(FakeRequest request, CancellationToken cancellation = default) =>
            Queue.SubmitAsync(request, cancellation).AsTask();

        public void Start() => Queue.Start();

        public ValueTask StopAsync() => Queue.DisposeAsync();

        public ValueTask DisposeAsync() => StopAsync();
    }
}
