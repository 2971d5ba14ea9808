using Darq.Engine.Batching;
using Darq.Engine.Redis;
using Darq.Tests.Shared;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Darq.Tests.Unit.Batching;

/// <summary>A queue before a primary that answers as the test says, and a clock that the test turns.</summary>
public abstract class QueueTests : IAsyncDisposable
{
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly FakeTimeProvider _time = new();

    protected QueueTests() => Queue = new(Link, new Keys("darq", 4), _time, NullLogger.Instance);

    private protected FakeLink Link { get; } = new();

    private protected BatchQueue Queue { get; }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Queue.DisposeAsync();
    }

    private protected Task<string> Submit(FakeRequest request, CancellationToken cancellation = default) =>
        Queue.SubmitAsync(request, cancellation).AsTask();

    /// <summary>Turns the clock bit by bit until the task is done, because the timer that it waits for may not be set yet.</summary>
    protected Task PassTimeAsync(Task until) =>
        Eventually.TrueAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromMilliseconds(10));
                return until.IsCompleted;
            },
            Patience,
            "what waits for a time goes on once it has passed"
        );
}
