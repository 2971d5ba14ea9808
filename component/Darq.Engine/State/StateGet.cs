using Darq.Engine.Core;

namespace Darq.Engine.State;

/// <summary>One read that waits for its values; giving up waiting for them does not keep them from being read.</summary>
internal sealed class StateGet(IReadOnlyList<StateKey> keys) : Awaited<IReadOnlyList<StateValue>>
{
    public IReadOnlyList<StateKey> Keys { get; } = keys;

    /// <summary>What was found, in the order of the keys; whoever waits is told by <see cref="Answer"/>.</summary>
    public StateValue[] Found { get; } = new StateValue[keys.Count];

    /// <summary>Why there is nothing to answer with; null where there is.</summary>
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
