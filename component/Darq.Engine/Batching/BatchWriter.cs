using Darq.Engine.Redis;

namespace Darq.Engine.Batching;

/// <summary>Collects the keys and the flat arguments of one sending of a batch.</summary>
internal sealed class BatchWriter(Keys keys, string sessionKey, int expectedArguments = 0)
{
    // Number, world-line, life of the session, count of requests: filled in after the requests.
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

        TouchedKeys.Add(keys.PartitionHeader(partition));
        return _places[partition] = _places.Count + 1;
    }

    public int Count => _arguments.Count;

    public void Add(RedisArgument argument) => _arguments.Add(argument);

    public void Add(IBatchRequest request)
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
