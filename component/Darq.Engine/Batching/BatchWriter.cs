using Darq.Engine.Redis;

namespace Darq.Engine.Batching;

/// <summary>
/// Collects the flat arguments of one sending of a batch, and which partitions and fields of their headers it will need: Redis then reads
/// them with one command for each partition.
/// </summary>
internal sealed class BatchWriter
{
    // Number, world-line, life of the session, count of requests, place of the partitions: filled in after the requests.
    private const int HeadArguments = 5;

    private readonly Keys _keys;
    private readonly List<RedisArgument> _arguments;
    private readonly PartitionList _partitions;

    /// <param name="keys">Of the namespace.</param>
    /// <param name="partitions">An empty list to use, where it is kept for the next call; else one of its own.</param>
    /// <param name="expectedArguments">How many arguments there will be about.</param>
    public BatchWriter(Keys keys, PartitionList? partitions = null, int expectedArguments = 0)
    {
        _keys = keys;
        _arguments = new(Math.Max(expectedArguments, HeadArguments));
        for (var i = 0; i < HeadArguments; i++)
        {
            _arguments.Add(default);
        }

        _partitions = partitions ?? new(keys);
    }

    public int Count => _arguments.Count;

    /// <summary>The place of a partition in the call's list, as the functions name it.</summary>
    public int Place(int partition) => _partitions.Place(partition);

    /// <summary>The place of a partition whose topic the request appends to.</summary>
    public int PlaceOfTopic(int partition, string topic)
    {
        _partitions.Need(partition, _keys.TopicField(topic));
        return Place(partition);
    }

    /// <summary>The place of a partition where the request looks for duplicates, by id (d) or by event (r).</summary>
    public int PlaceOfDuplicates(int partition, string topic, char kind)
    {
        _partitions.Need(partition, _keys.DuplicatesField(kind, topic));
        return PlaceOfTopic(partition, topic);
    }

    /// <summary>The place of a partition whose lane the request changes.</summary>
    public int PlaceOfLane(int partition, string group, string topic)
    {
        _partitions.Need(partition, _keys.LaneField(group, topic));
        return PlaceOfTopic(partition, topic);
    }

    /// <summary>The place of a partition that keeps the result of a step.</summary>
    public int PlaceOfResults(int partition)
    {
        _partitions.Need(partition, Keys.ResultsField);
        return Place(partition);
    }

    public void Add(RedisArgument argument) => _arguments.Add(argument);

    public void Add(IBatchRequest request)
    {
        _arguments.Add(request.Name);
        var at = _arguments.Count;
        _arguments.Add(default);
        request.Write(this);
        _arguments[at] = _arguments.Count - at - 1;
    }

    public FunctionCall ToCall(string sessionKey, bool frees, long number, long worldLine, TimeSpan sessionLife, int count)
    {
        ReadOnlySpan<RedisArgument> head = [number, worldLine, (long)sessionLife.TotalMilliseconds, count, _arguments.Count + 1];
        for (var i = 0; i < HeadArguments; i++)
        {
            _arguments[i] = head[i];
        }

        _partitions.WriteTo(_arguments);
        return new(FunctionLibrary.Function(frees ? "batch_free" : "batch"), sessionKey, _arguments);
    }
}
