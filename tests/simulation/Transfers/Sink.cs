using System.Globalization;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Tests.Shared.History;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>
/// Hands deliveries to a handler as a sidecar would, all at once or one after the other, and its answers back. After the
/// stream was lost the handlers go on, but nobody waits for them.
/// </summary>
internal sealed class Sink(Sidecar sidecar, int number, string group, string topic, Func<Delivery, Task<bool>> handle) : IDeliverySink
{
    private readonly OrderedDictionary<string, HistoryEvent?> _working = [];

    public string Group => group;

    public string Topic => topic;

    public Sidecar Sidecar => sidecar;

    public DeliveryStream? Stream { get; set; }

    public bool IsBusy => _working.Count > 0;

    /// <summary>In the history: a further attempt may go to another stream while this one has an earlier one that timed out.</summary>
    private string Name => string.Create(CultureInfo.InvariantCulture, $"{sidecar.Name}#{number}");

    private Simulation World => sidecar.World;

    /// <summary>The same handler behind a stream that is yet to be opened.</summary>
    public Sink Again() => new(sidecar, sidecar.NextNumber(), group, topic, handle);

    public async ValueTask SendAsync(Delivery delivery, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var due = World.Loop.Now + Sidecar.TimeoutOf(World);
        if (!sidecar.IsSerial)
        {
            sidecar.Process.Start(() => AnswerAsync(delivery, due));
            return;
        }
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = cancellation.Register(() => ended.TrySetResult());
        sidecar.Process.Start(async () =>
        {
            await AnswerAsync(delivery, due);
            ended.TrySetResult();
        });
        await ended.Task;
    }

    /// <summary>The answers of those who are at work will reach nobody.</summary>
    public void Abandon()
    {
        foreach (var token in _working.Keys.ToArray())
        {
            Finish(token, succeeded: false);
        }
    }

    private async Task AnswerAsync(Delivery delivery, DateTimeOffset due)
    {
        var manner = sidecar.MannerOf(this);
        switch (manner)
        {
            case Manner.AcksUnseen:
                World.Happened(Hazards.FalseAcks, $"{sidecar.Name} acknowledges {delivery.Message.Id} unseen");
                Stream!.Ack(delivery.Token);
                return;
            case Manner.AppIsGone:
                World.Happened(Hazards.AppGone, $"{sidecar.Name} does not reach its app with {delivery.Message.Id}");
                Stream!.NackAsGone(delivery.Token);
                return;
        }

        World.AtWork.Begin(sidecar.ProcessName, group, topic, delivery, due);
        _working.Add(delivery.Token, Delivered(delivery));
        await sidecar.WaitAsync(this, manner, delivery);
        AnswerForNeighbour(delivery);
        var succeeded = await SucceedsAsync(delivery);
        if (manner != Manner.NeverAnswers && Finish(delivery.Token, succeeded))
        {
            Answer(delivery, succeeded);
        }
    }

    private void Answer(Delivery delivery, bool succeeded)
    {
        if (succeeded)
        {
            Stream!.Ack(delivery.Token);
        }
        else
        {
            Stream!.Nack(delivery.Token);
        }
    }

    private async Task<bool> SucceedsAsync(Delivery delivery)
    {
        try
        {
            return await handle(delivery);
        }
        catch (HandlerException thrown)
        {
            World.Happened(Hazards.ThrowingHandlers, $"the handler of {delivery.Message.Id} threw {thrown.Message}");
            return false;
        }
    }

    /// <summary>Another sidecar answers what it was never sent, which must change nothing.</summary>
    private void AnswerForNeighbour(Delivery delivery)
    {
        if (sidecar.Strays() && sidecar.Neighbour?.StreamOf(group, topic) is { } other)
        {
            World.Happened(
                Hazards.StrayAnswers,
                $"{sidecar.Neighbour.Name} acknowledges {delivery.Message.Id}, which {sidecar.Name} was sent"
            );
            other.Ack(delivery.Token);
        }
    }

    /// <summary>False where nobody waits for the answer any more.</summary>
    private bool Finish(string token, bool succeeded)
    {
        var place = _working.IndexOf(token);
        if (!_working.Remove(token, out var line))
        {
            return false;
        }

        if (place > 0 && World.Has(Hazards.WideWindows))
        {
            World.Happened(Hazards.WideWindows, $"an answer overtakes {place} others at {Name}");
        }

        World.AtWork.End(sidecar.ProcessName, token, succeeded);
        if (line is not null)
        {
            World.Bank.Record(line with { Kind = succeeded ? EventKind.Acked : EventKind.Nacked });
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
        var line = Transfer.Parse(delivery.Data).Event(EventKind.Delivered, Name) with { Group = group, Attempt = attempt };
        World.Bank.Record(line);
        return line;
    }
}

/// <summary>What a handler of the simulated app throws.</summary>
internal sealed class HandlerException(string message) : Exception(message);
