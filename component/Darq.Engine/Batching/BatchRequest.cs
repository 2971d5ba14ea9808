using Darq.Engine.Core;
using Darq.Engine.Redis;

namespace Darq.Engine.Batching;

/// <summary>
/// One request of a batch, as the queue sees it. Its arguments are written anew at every sending, so that a request sent again after a
/// recovery carries the fencing token its lane has by then; a batch that was executed answers from its record anyway.
/// </summary>
internal interface IBatchRequest
{
    /// <summary>The function that takes it, such as <c>publish</c> or <c>step</c>.</summary>
    RedisArgument Name { get; }

    /// <summary>Bytes that it weighs in a batch and while it waits.</summary>
    int Size { get; }

    /// <summary>Whether it only frees memory, so that a full Redis still takes it.</summary>
    bool Frees { get; }

    /// <summary>Whether executing it a second time has no second effect; asked only when a session is gone with its record.</summary>
    bool Repeatable { get; }

    /// <summary>Whether it waits as long as it takes: nothing else would send an acknowledgement again.</summary>
    bool NeverGivesUp { get; }

    void Write(BatchWriter writer);

    /// <summary>Takes the reply line in, also after its caller gave up. Throws only on a fault of the component itself.</summary>
    void Answer(string line);

    /// <summary>Tells the caller that it has no answer.</summary>
    void Fail(Exception why);
}

/// <summary>A request and the type of its answer. The reply line is parsed once, here.</summary>
internal abstract class BatchRequest<TReply>(string name) : Awaited<TReply>, IBatchRequest
{
    public RedisArgument Name { get; } = name;

    public abstract int Size { get; }

    public virtual bool Frees => false;

    public virtual bool Repeatable => true;

    public virtual bool NeverGivesUp => false;

    public abstract void Write(BatchWriter writer);

    public void Answer(string line)
    {
        TReply answer;
        try
        {
            answer = Parse(new(line));
        }
        catch (DarqException refused)
        {
            Fail(refused);
            return;
        }

        Complete(answer);
    }

    /// <summary>
    /// What Redis answered, and what this process makes of it whether or not the caller still waits. Throws <see cref="DarqException"/>
    /// where the request was refused. Holds no lock, returns at once.
    /// </summary>
    protected abstract TReply Parse(ReplyLine reply);
}
