namespace Darq.Tests.Shared.History;

/// <summary>
/// One line of a history: what a publisher, a handler, an observer or the hand that breaks things did or saw. Whoever writes
/// it knows nothing of the others; the checker puts the lines together. Fields that do not apply are left out.
/// </summary>
internal sealed record HistoryEvent(EventKind Kind)
{
    /// <summary>Seconds since the beginning. The order of the lines is the order of the events; this is for the reader.</summary>
    public double At { get; init; }

    /// <summary>Which process did or saw it; a process that is started again has another name.</summary>
    public string? Process { get; init; }

    /// <summary>The message, by the id that its publisher gave; for a receipt the message that it confirms.</summary>
    public string? Id { get; init; }

    public string? Key { get; init; }

    /// <summary>The message's place among those of its key, from 1 without gaps.</summary>
    public long? Number { get; init; }

    /// <summary>Of a delivery, its step and its answer: the group that it was made to.</summary>
    public string? Group { get; init; }

    public int? Attempt { get; init; }

    /// <summary>Of a publish: OK, UNKNOWN or REFUSED. Of a step: what it was answered, or UNKNOWN.</summary>
    public string? Outcome { get; init; }

    /// <summary>Of a publish that was accepted and of a receipt: where the message lies.</summary>
    public string? Position { get; init; }

    /// <summary>Of a publish: what the message, once, will do to which account.</summary>
    public IReadOnlyDictionary<string, long>? Changes { get; init; }

    /// <summary>Of a step: the number of the key's message that it found to be the last one in effect.</summary>
    public long? Previous { get; init; }

    public string? Account { get; init; }

    public long? Amount { get; init; }

    /// <summary>Of a fault: what was broken.</summary>
    public string? Text { get; init; }
}

internal enum EventKind
{
    /// <summary>An account begins with an amount.</summary>
    Opened,

    /// <summary>A publisher was answered, or gave up waiting; every attempt is an event.</summary>
    Published,

    /// <summary>A handler was handed a message.</summary>
    Delivered,

    /// <summary>A handler's step was answered, or was given up.</summary>
    Stepped,

    /// <summary>A handler answered its delivery with success.</summary>
    Acked,

    /// <summary>A handler answered its delivery with a failure.</summary>
    Nacked,

    /// <summary>A receipt, which a step emits together with its other effects, was seen.</summary>
    Receipt,

    /// <summary>The last message of a key that is in effect, or the amount of an account, as read at the end.</summary>
    Final,

    /// <summary>Something was broken or mended.</summary>
    Fault,
}
