namespace Darq.Engine.Subscriptions.Deliveries;

/// <summary>
/// How many messages one stream may hold unanswered, and which they are. It starts at two, because a serial sidecar would only hold
/// more of them unread, and doubles whenever an answer overtakes another, which only a concurrent one can cause.
/// </summary>
internal sealed class StreamWindow(SubscriptionOptions options, IDeliveryOutlet outlet, AppPresence app)
{
    private readonly SortedDictionary<long, Attempt> _unanswered = [];
    private TimeSpan _lastAnswer;
    private int _elsewhere; // of the unanswered, those that may go to another stream
    private int _window = options.Concurrent ? options.MaxInFlight : Math.Min(2, options.MaxInFlight);

    public SubscriptionOptions Options { get; } = options;

    public IDeliveryOutlet Outlet { get; } = outlet;

    public bool IsPaused { get; set; }

    /// <summary>Its peer has gone, and what is under way is only awaited.</summary>
    public bool IsFinishing { get; set; }

    public bool IsClosed { get; private set; }

    /// <summary>Whether its sidecar seems to hand over one message at a time: no answer has overtaken another.</summary>
    public bool IsSerial { get; private set; } = !options.Concurrent;

    /// <summary>Whether its app hangs in a message, and what is sent now would only wait behind it.</summary>
    public bool IsStuck => _elsewhere > 0 && IsSerial && _unanswered.Values.First().TimedOut;

    /// <summary>The app behind the sidecar that opened it.</summary>
    public AppPresence App { get; } = app;

    public IReadOnlyCollection<Attempt> Unanswered => _unanswered.Values;

    /// <summary>Since when it has answered nothing although there is something to answer; null where there is nothing.</summary>
    public TimeSpan? SilentSince
    {
        get
        {
            if (_unanswered.Count == 0)
            {
                return null;
            }

            var oldest = _unanswered.Values.Min(attempt => attempt.SentAt);
            return oldest > _lastAnswer ? oldest : _lastAnswer;
        }
    }

    /// <summary>
    /// How long it may be silent before it counts as dead: five times the time that an app has for a message, which may be without limit.
    /// </summary>
    public TimeSpan MaxSilence => Options.ProcessingTimeout > TimeSpan.Zero ? 5 * Options.ProcessingTimeout : TimeSpan.MaxValue;

    /// <summary>Whether it wants messages, now or later.</summary>
    public bool IsTaking => !IsClosed && !IsPaused && !IsFinishing;

    public bool HasRoom => IsTaking && _unanswered.Count < _window && Outlet.HasRoom;

    public void Sent(Attempt attempt) => _unanswered.Add(attempt.Number, attempt);

    /// <summary>The unanswered attempt that a token names; null where there is none.</summary>
    public Attempt? Find(DeliveryToken token) =>
        _unanswered.GetValueOrDefault(token.Number) is { } attempt
        && attempt.Message.Message.StreamId == token.Message
        && attempt.Message.Lane.Partition == token.Partition
            ? attempt
            : null;

    /// <summary>Whether the app may be at work on an unanswered attempt; not where it still has one before it.</summary>
    public bool IsWithApp(Attempt attempt) => !IsSerial || IsFirst(attempt);

    /// <summary>
    /// Takes an attempt off the stream. An answer of the app that overtook another widens the window. Returns the attempt whose processing
    /// time begins with that.
    /// </summary>
    public Attempt? Take(Attempt attempt, bool answered, TimeSpan now)
    {
        var wasFirst = IsFirst(attempt);
        if (answered && !wasFirst)
        {
            _window = Math.Min(Options.MaxInFlight, _window * 2);
            IsSerial = false;
        }

        var next = answered || wasFirst ? _unanswered.Values.FirstOrDefault(later => later.Number > attempt.Number) : null;
        if (next is not null)
        {
            next.StartedAt = now;
        }

        _lastAnswer = answered ? now : _lastAnswer;
        _unanswered.Remove(attempt.Number);
        _elsewhere -= attempt.MayGoElsewhere ? 1 : 0;
        return next;
    }

    /// <summary>Counts an attempt as failed, or as given back where its app had one before it; it stays until it is answered.</summary>
    public void TimeOut(Attempt attempt)
    {
        _elsewhere += attempt.MayGoElsewhere ? 0 : 1;
        if (IsWithApp(attempt))
        {
            attempt.TimedOut = true;
        }
        else
        {
            attempt.GivenBack = true;
        }
    }

    /// <summary>Attempts that were given back and that the app may be at work on by now.</summary>
    public IReadOnlyList<Attempt> Begun() =>
        _elsewhere == 0
            ? []
            : [.. _unanswered.Values.Where(attempt => attempt is { GivenBack: true, TimedOut: false } && IsWithApp(attempt))];

    /// <summary>An attempt that was given back is out again.</summary>
    public void TakeBack(Attempt attempt, TimeSpan now)
    {
        (attempt.GivenBack, attempt.StartedAt) = (false, now);
        _elsewhere--;
    }

    /// <summary>Whether an attempt to hand over the message, which may go to another stream by now, waits for its answer here.</summary>
    public bool StillHas(LaneMessage message) =>
        message.Attempt?.Stream == this
        || _elsewhere > 0 && _unanswered.Values.Any(attempt => attempt.MayGoElsewhere && attempt.IsOf(message));

    /// <summary>Closes it to new messages and hands back what is unanswered.</summary>
    public IReadOnlyList<Attempt> Close()
    {
        IsClosed = true;
        Attempt[] left = [.. _unanswered.Values];
        _unanswered.Clear();
        _elsewhere = 0;
        return left;
    }

    private bool IsFirst(Attempt attempt) => _unanswered.Keys.First() == attempt.Number;
}

/// <summary>The writing side of a stream, as the core sees it.</summary>
internal interface IDeliveryOutlet
{
    /// <summary>The topic as its subscriber named it.</summary>
    string SubscribedTopic { get; }

    /// <summary>Whether a further delivery may be queued for writing.</summary>
    bool HasRoom { get; }

    /// <summary>Queues a delivery; <see cref="WriteOut"/> follows, under no lock. Bounded by <see cref="HasRoom"/>.</summary>
    void Send(Delivery delivery);

    /// <summary>Writes what is queued, here and now unless somebody is at it, who then takes it along.</summary>
    void WriteOut();
}
