using Darq.Redis;

namespace Darq.Partitions;

/// <summary>
/// One request of a batch. Its arguments are written anew at every sending, so that a request sent again after a
/// recovery carries the incarnation its lane has by then; a batch that was executed answers from its record anyway.
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

/// <summary>Collects the keys and the flat arguments of one sending of a batch.</summary>
internal sealed class BatchWriter(Keys keys, string sessionKey, int expectedArguments = 0)
{
    // Number, world-line, life of the session, count of requests: known when the rest is written.
    private const int HeadArguments = 4;

    private readonly Dictionary<int, int> _places = [];
    private readonly List<RedisArgument> _arguments = new(expectedArguments) { default, default, default, default };

    public List<string> TouchedKeys { get; } = [sessionKey];

    /// <summary>The place of a partition among the call's keys, as the functions name it.</summary>
    public int Place(int partition)
    {
        if (_places.TryGetValue(partition, out var place))
        {
            return place;
        }

        TouchedKeys.Add(keys.Mark(partition));
        return _places[partition] = _places.Count + 1;
    }

    public int Count => _arguments.Count;

    public void Add(RedisArgument argument) => _arguments.Add(argument);

    public void Add(BatchRequest request)
    {
        _arguments.Add(request.Name);
        var at = _arguments.Count;
        _arguments.Add(default);
        request.Write(this);
        _arguments[at] = _arguments.Count - at - 1;
    }

    public FunctionCall ToCall(bool frees, long number, long worldLine, TimeSpan sessionLife, int count)
    {
        ReadOnlySpan<RedisArgument> head = [number, worldLine, (long)sessionLife.TotalMilliseconds, count];
        for (var i = 0; i < HeadArguments; i++)
        {
            _arguments[i] = head[i];
        }

        return new(FunctionLibrary.Function(frees ? "batch_free" : "batch"), TouchedKeys, _arguments);
    }
}
