using Darq.Engine.Core;

namespace Darq.Engine.State;

/// <summary>One read that waits for its values. Cancelling ends the wait only.</summary>
internal sealed class StateGet(IReadOnlyList<StateKey> keys) : Awaited<IReadOnlyList<StateValue>>
{
    public IReadOnlyList<StateKey> Keys { get; } = keys;

    /// <summary>The values, in the order of the keys; <see cref="Answer"/> completes the read with them.</summary>
    public StateValue[] Found { get; } = new StateValue[keys.Count];

    /// <summary>The exception of the read; null where it succeeds.</summary>
    public DarqException? Fault { get; set; }

    public void Answer()
    {
        if (Fault is null)
        {
            Complete(Found);
        }
        else
        {
            Fail(Fault);
        }
    }
}
