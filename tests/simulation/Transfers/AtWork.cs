using Darq.Engine.Subscriptions.Deliveries;

namespace Darq.Tests.Simulation.Transfers;

/// <summary>
/// Which messages handlers work on at this moment, over all processes. A message is handed to a second one, or the next of its key to
/// any, only where its lane was taken from a holder against its will, which is counted; where its stream was lost, after which nobody
/// waits for an answer; or where the processing time is over. Counts how often each message failed on the way.
/// </summary>
internal sealed class AtWork(Simulation world)
{
    /// <summary>The time of a delivery begins when it is sent, and its handler begins when it arrives.</summary>
    private static readonly TimeSpan OnTheWay = TimeSpan.FromMilliseconds(1);

    private readonly Dictionary<(string Process, string Token), Work> _working = [];
    private readonly Dictionary<(string Group, string Id), int> _failures = [];

    /// <param name="process">Where the handler runs.</param>
    /// <param name="group">Whose it is.</param>
    /// <param name="topic">What it consumes.</param>
    /// <param name="delivery">What it was handed.</param>
    /// <param name="due">When its time is over.</param>
    public void Begin(string process, string group, string topic, Delivery delivery, DateTimeOffset due)
    {
        var (message, name) = (delivery.Message, $"{group}:{topic}");
        var numbers = world.Data.Lane(message.Partition, name);
        var isHolder = numbers.Owner == delivery.Token.Split(':')[0];
        var work = new Work(message.Partition, name, message.Id, message.Key, message.StreamId.Number, isHolder, numbers.TakeOvers)
        {
            Due = due,
            WorldLine = delivery.WorldLine,
            LossesKnown = world.Durability.LossesKnownIn(delivery.WorldLine),
        };
        foreach (var ((other, _), begun) in _working)
        {
            if (begun.Excludes(work) && begun.Due > world.Loop.Now + OnTheWay && IsUnfinished(begun))
            {
                world.Complain($"{process} was handed {work} while {other} worked on {begun} and had lost nothing");
            }
        }
        _working.Add((process, delivery.Token), work);
    }

    /// <summary>The handler was given more time.</summary>
    public void Extend(string process, string token, DateTimeOffset due)
    {
        if (_working.TryGetValue((process, token), out var work))
        {
            work.Due = due;
        }
    }

    /// <summary>The handler has answered, or nobody waits for its answer any more.</summary>
    public void End(string process, string token, bool succeeded)
    {
        if (_working.Remove((process, token), out var work) && (!succeeded || work.Due <= world.Loop.Now))
        {
            CountFailure(work);
        }
    }

    /// <summary>The handlers of a process that is gone are, too.</summary>
    public void EndAll(string process)
    {
        foreach (var (name, token) in _working.Keys.Where(work => work.Process == process).ToArray())
        {
            End(name, token, succeeded: false);
        }
    }

    /// <summary>Redis has forgotten who was handed what. Handlers go on.</summary>
    public void EndAll()
    {
        foreach (var (name, token) in _working.Keys.ToArray())
        {
            End(name, token, succeeded: false);
        }
    }

    /// <summary>How many deliveries of a message to a group were not answered in time with success.</summary>
    public int FailuresOf(string group, string id) =>
        _failures.GetValueOrDefault((group, id))
        + _working.Values.Count(work => work.Id == id && work.Lane.Split(':')[0] == group && work.Due <= world.Loop.Now);

    private void CountFailure(Work work)
    {
        var name = (work.Lane.Split(':')[0], work.Id);
        _failures[name] = _failures.GetValueOrDefault(name) + 1;
    }

    /// <summary>Whether the next has to wait for the handler's answer; not once a step has consumed the message.</summary>
    private bool IsUnfinished(Work work) =>
        work.Lane != $"{Bank.Movers}:transfers" || world.Data.IsPending(work.Partition, work.Lane, work.Seq);

    /// <param name="Partition">Of the lane.</param>
    /// <param name="Lane">Group and topic.</param>
    /// <param name="Id">Of the message.</param>
    /// <param name="Key">Of the message; "" for none.</param>
    /// <param name="Seq">Of the message.</param>
    /// <param name="WasHolder">Whether that session held the lane when it did; one that has not heard of its loss goes on for a
    /// while.</param>
    /// <param name="TakeOvers">Of the lane until then.</param>
    private sealed record Work(int Partition, string Lane, string Id, string Key, long Seq, bool WasHolder, long TakeOvers)
    {
        public DateTimeOffset Due { get; set; }

        /// <summary>In which it was sent: one that waited in its sidecar may arrive when its lane was another's and came back.</summary>
        public long WorldLine { get; init; }

        /// <summary>How many losses of Redis its process knew of: one that has not heard of the last goes on with what is lost.</summary>
        public int LossesKnown { get; init; }

        public bool Excludes(Work later) =>
            (Partition, Lane) == (later.Partition, later.Lane)
            && (Id == later.Id || Key.Length > 0 && Key == later.Key)
            && WasHolder
            && later.WasHolder
            && (TakeOvers, LossesKnown, WorldLine) == (later.TakeOvers, later.LossesKnown, later.WorldLine);

        public override string ToString() => $"{Id} of {Partition}:{Lane}";
    }
}
