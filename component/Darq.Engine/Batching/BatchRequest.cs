using Darq.Engine.Core;
using Darq.Engine.Redis;

namespace Darq.Engine.Batching;

/// <summary>
/// One request of a batch. Its arguments are written anew at every sending, so that a request sent again after a
/// recovery carries the fencing token its lane has by then; a batch that was executed answers from its record anyway.
/// </summary>
internal abstract class BatchRequest(string name) : Awaited<string>
{
    /// <summary>The function that takes it, such as <c>publish</c> or <c>step</c>.</summary>
    public RedisArgument Name { get; } = name;

    /// <summary>Bytes that it weighs in a batch and while it waits.</summary>
    public abstract int Size { get; }

    /// <summary>Whether it only frees memory, so that a full Redis still takes it.</summary>
    public virtual bool Frees => false;

    /// <summary>Whether executing it a second time has no second effect; asked only when a session is gone with its record.</summary>
    public virtual bool Repeatable => true;

    /// <summary>Whether it waits as long as it takes: acknowledgements, which nobody else would send again.</summary>
    public virtual bool Patient => false;

    public abstract void Write(BatchWriter writer);

    /// <summary>Takes the reply line in, also where nobody waits for it any more.</summary>
    public void Answer(string reply)
    {
        Heard(reply);
        Complete(reply);
    }

    /// <summary>What this process makes of the reply whether or not the caller still waits. Holds no lock, returns at once.</summary>
    protected virtual void Heard(string reply) { }
}
