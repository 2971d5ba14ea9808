using Darq.Redis;

namespace Darq.Partitions;

/// <summary>
/// One request of a batch. Its arguments are written anew at every sending, so that a request sent again after a
/// recovery carries the incarnation its lane has by then; a batch that was executed answers from its record anyway.
/// </summary>
internal abstract class BatchRequest(string name)
{
    private readonly TaskCompletionSource<string> _reply = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The function that takes it: <c>publish</c>, <c>step</c> or <c>pass</c>.</summary>
    public string Name { get; } = name;

    /// <summary>Bytes that it weighs in a batch and while it waits.</summary>
    public abstract int Size { get; }

    /// <summary>Whether it only frees memory, so that a full Redis still takes it.</summary>
    public virtual bool Frees => false;

    /// <summary>Whether executing it a second time has no second effect; asked only when a session is gone with its record.</summary>
    public virtual bool Repeatable => true;

    /// <summary>Whether it waits as long as it takes: acknowledgements, which nobody else would send again.</summary>
    public virtual bool Patient => false;

    public Task<string> Reply => _reply.Task;

    public abstract void Write(BatchWriter writer);

    public void Complete(string reply) => _reply.TrySetResult(reply);

    /// <summary>Nobody waits for the reply any more; the request stays in the queue.</summary>
    public void GiveUp(CancellationToken cancellation) => _reply.TrySetCanceled(cancellation);

    public void Fail(DarqException why) => _reply.TrySetException(why);
}

/// <summary>Collects the keys and the flat arguments of one sending of a batch.</summary>
internal sealed class BatchWriter(Keys keys, string sessionKey)
{
    private readonly Dictionary<int, int> _places = [];
    private readonly List<RedisArgument> _requests = [];
    private readonly List<RedisArgument> _arguments = [];

    public List<string> TouchedKeys { get; } = [sessionKey];

    /// <summary>The place of a partition among the call's keys, as the functions name it.</summary>
    public int Place(int partition)
    {
        if (_places.TryGetValue(partition, out var place)) return place;
        TouchedKeys.Add(keys.Mark(partition));
        return _places[partition] = _places.Count + 1;
    }

    public void Add(RedisArgument argument) => _arguments.Add(argument);

    public void Add(BatchRequest request)
    {
        _arguments.Clear();
        request.Write(this);
        _requests.Add(request.Name);
        _requests.Add(_arguments.Count);
        _requests.AddRange(_arguments);
    }

    public FunctionCall ToCall(bool frees, long number, long worldLine, TimeSpan sessionLife, int count) => new(
        FunctionLibrary.Function(frees ? "batch_free" : "batch"),
        TouchedKeys,
        [number, worldLine, (long)sessionLife.TotalMilliseconds, count, .. _requests]);
}
