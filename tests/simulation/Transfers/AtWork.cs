using System.Globalization;
using Darq.Engine.Subscriptions.Deliveries;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>
/// Which messages handlers work on at this moment, over all processes. A message is handed to a second one only where its
/// lane was taken from a holder against its will, which is counted, or where its stream was lost, after which nobody waits for an answer.
/// </summary>
internal sealed class AtWork(Simulation world)
{
    private readonly Dictionary<(string Process, string Token), Work> _working = [];

    public void Begin(string process, string group, string topic, Delivery delivery)
    {
        string Named(string name) => delivery.Metadata.First(pair => pair.Key == name).Value;
        var partition = int.Parse(Named("darq-partition"), CultureInfo.InvariantCulture);
        var (lane, numbers) = ($"{partition}:{group}:{topic}", world.Data.Lane(partition, $"{group}:{topic}"));
        var work = new Work(lane, Named("darq-id"), numbers.Owner == delivery.Token.Split(':')[0], numbers.TakeOvers);
        foreach (var ((other, _), begun) in _working)
        {
            if (begun.Lane == work.Lane && begun.Id == work.Id && begun.WasHolder && work.WasHolder && begun.TakeOvers == work.TakeOvers)
            {
                world.Complain($"{process} was handed {work.Id} of {lane} while {other} worked on it and had lost nothing");
            }
        }
        _working.Add((process, delivery.Token), work);
    }

    /// <summary>The handler has answered, or nobody waits for its answer any more.</summary>
    public void End(string process, string token) => _working.Remove((process, token));

    public void EndAll(string process)
    {
        foreach (var work in _working.Keys.Where(work => work.Process == process).ToArray())
        {
            _working.Remove(work);
        }
    }

    /// <param name="Lane">Where the message was delivered from.</param>
    /// <param name="Id">Of the message.</param>
    /// <param name="WasHolder">Whether that session held the lane when it did; one that has not heard of its loss goes on for a
    /// while.</param>
    /// <param name="TakeOvers">Of the lane until then.</param>
    private sealed record Work(string Lane, string Id, bool WasHolder, long TakeOvers);
}
