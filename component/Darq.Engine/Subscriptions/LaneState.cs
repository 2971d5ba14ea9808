namespace Darq.Engine.Subscriptions;

/// <summary>What this process does with a lane.</summary>
internal enum LaneState
{
    Unheld,

    /// <summary>Held, and its messages are sent.</summary>
    Delivering,

    /// <summary>Held, but nothing more is sent: it is let go once what is out is passed.</summary>
    Yielding,

    /// <summary>Perhaps held: others may have taken it while we were silent. Nothing is sent until Redis says that it is ours.</summary>
    Doubted,
}
