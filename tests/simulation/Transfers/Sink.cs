using System.Globalization;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Tests.Shared.History;
using Darq.Tests.Simulation.Scheduling;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>
/// Hands deliveries to a handler as a sidecar would, all at once or one after the other, and its answers back. After the
/// stream was lost the handlers go on, but nobody waits for them.
/// </summary>
internal sealed class Sink(
    Simulation world,
    SimulatedProcess process,
    bool serial,
    string group,
    string topic,
    Func<Delivery, Task<bool>> handle
) : IDeliverySink
{
    private readonly Dictionary<string, HistoryEvent?> _working = [];

    public string Group => group;

    public string Topic => topic;

    public DeliveryStream? Stream { get; set; }

    public bool IsBusy => _working.Count > 0;

    /// <summary>The same handler behind a stream that is yet to be opened.</summary>
    public Sink Again() => new(world, process, serial, group, topic, handle);

    public async ValueTask SendAsync(Delivery delivery, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (!serial)
        {
            process.Start(() => AnswerAsync(delivery));
            return;
        }
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = cancellation.Register(() => ended.TrySetResult());
        process.Start(async () =>
        {
            await AnswerAsync(delivery);
            ended.TrySetResult();
        });
        await ended.Task;
    }

    /// <summary>The answers of those who are at work will reach nobody.</summary>
    public void Abandon()
    {
        foreach (var token in _working.Keys.ToArray())
        {
            Finish(token, EventKind.Nacked);
        }
    }

    private async Task AnswerAsync(Delivery delivery)
    {
        world.AtWork.Begin(process.Name, group, topic, delivery);
        _working.Add(delivery.Token, Delivered(delivery));
        var succeeded = await handle(delivery);
        if (!Finish(delivery.Token, succeeded ? EventKind.Acked : EventKind.Nacked))
        {
            return;
        }

        if (succeeded)
        {
            Stream!.Ack(delivery.Token);
        }
        else
        {
            Stream!.Nack(delivery.Token);
        }
    }

    /// <summary>False where nobody waits for the answer any more.</summary>
    private bool Finish(string token, EventKind kind)
    {
        if (!_working.Remove(token, out var line))
        {
            return false;
        }

        world.AtWork.End(process.Name, token);
        if (line is not null)
        {
            world.Bank.Record(line with { Kind = kind });
        }

        return true;
    }

    /// <summary>A line in the history, for deliveries of transfers.</summary>
    private HistoryEvent? Delivered(Delivery delivery)
    {
        if (topic != "transfers")
        {
            return null;
        }

        var attempt = int.Parse(delivery.Metadata.First(pair => pair.Key == "darq-attempt").Value, CultureInfo.InvariantCulture);
        var line = Transfer.Parse(delivery.Data).Event(EventKind.Delivered, process.Name) with { Group = group, Attempt = attempt };
        world.Bank.Record(line);
        return line;
    }
}
