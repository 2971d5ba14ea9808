using Darq.Engine.Subscriptions.Deliveries;

namespace Darq.Tests.Integration.Engine;

/// <summary>One replica of an app: an engine with one stream of group g on topic t, and a handler that acknowledges.</summary>
internal sealed class Replica : IDeliverySink, IAsyncDisposable
{
    private readonly Record _record;
    private readonly Func<string, Task> _handle;
    private int _deliveries;

    private Replica(EngineRun run, string session, Record record, Func<string, Task> handle) =>
        (Run, Session, _record, _handle) = (run, session, record, handle);

    public EngineRun Run { get; }

    public string Session { get; }

    public DeliveryStream Stream { get; private set; } = null!;

    public int Deliveries => Volatile.Read(ref _deliveries);

    public static async Task<Replica> StartAsync(int port, Record record, Func<string, Task>? handle = null)
    {
        var replica = await PrepareAsync(port, record, handle);
        replica.Join();
        return replica;
    }

    /// <summary>Starts a replica that takes no lanes until it joins.</summary>
    public static async Task<Replica> PrepareAsync(int port, Record record, Func<string, Task>? handle = null)
    {
        var run = await EngineRun.StartAsync(port);
        return new(run, (await run.Primary.ReadyAsync(default)).Id, record, handle ?? (_ => Task.CompletedTask));
    }

    public void Join() => Stream = Run.Subscriptions.Attach("g", "t", new() { Concurrent = true }, this);

    public ValueTask SendAsync(Delivery delivery, CancellationToken cancellation)
    {
        Interlocked.Increment(ref _deliveries);
        _ = HandleAsync(delivery);
        return ValueTask.CompletedTask;
    }

    /// <summary>Vanishes as a killed process does: no goodbye, nothing given up, no answer any more.</summary>
    public ValueTask KillAsync() => Run.Primary.DisposeAsync();

    public ValueTask DisposeAsync() => Run.DisposeAsync();

    private async Task HandleAsync(Delivery delivery)
    {
        using (_record.Begin(Inbox.Text(delivery)))
        {
            await _handle(Inbox.Text(delivery));
        }

        Stream.Ack(delivery.Token);
    }
}
