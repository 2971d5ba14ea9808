namespace Darq.Engine.Redis;

/// <summary>
/// The partitions that one call touches, each with the fields of its header that the call needs, as partition.lua takes them.
/// </summary>
internal sealed class PartitionList(Keys keys)
{
    /// <summary>Fields listed for one partition; the library reads others when it needs them.</summary>
    private const int MaxFields = 1000;

    private readonly Dictionary<int, int> _places = [];

    // By place, from 0. What lies beyond the count is kept for the next call.
    private readonly List<(int Partition, List<RedisArgument> Fields)> _partitions = [];
    private int _count;

    /// <summary>The list of one call that needs the same fields of every partition.</summary>
    public static PartitionList Of(Keys keys, IEnumerable<int> partitions, params ReadOnlySpan<RedisArgument> fields)
    {
        var list = new PartitionList(keys);
        foreach (var partition in partitions)
        {
            list.Place(partition);
            foreach (var field in fields)
            {
                list.Need(partition, field);
            }
        }
        return list;
    }

    /// <summary>Begins the list of another call.</summary>
    public void Clear()
    {
        _places.Clear();
        _count = 0;
    }

    /// <summary>The place of a partition in the list, from 1; adds it.</summary>
    public int Place(int partition)
    {
        if (_places.TryGetValue(partition, out var place))
        {
            return place;
        }

        if (_count == _partitions.Count)
        {
            _partitions.Add((partition, []));
        }
        else
        {
            var fields = _partitions[_count].Fields;
            fields.Clear();
            _partitions[_count] = (partition, fields);
        }

        return _places[partition] = ++_count;
    }

    /// <summary>Adds a field to those of a partition.</summary>
    public void Need(int partition, RedisArgument field)
    {
        var fields = _partitions[Place(partition) - 1].Fields;
        foreach (var known in fields)
        {
            if (known.IsSame(field))
            {
                return;
            }
        }

        if (fields.Count < MaxFields)
        {
            fields.Add(field);
        }
    }

    public void WriteTo(List<RedisArgument> arguments)
    {
        arguments.Add(_count);
        for (var i = 0; i < _count; i++)
        {
            var (partition, fields) = _partitions[i];
            arguments.Add(keys.Tag(partition));
            arguments.Add(fields.Count);
            arguments.AddRange(fields);
        }
    }
}
