namespace Darq.Engine.Redis;

/// <summary>
/// The partitions that one call touches, each with the fields of its header that the call needs, as partition.lua takes them.
/// </summary>
internal sealed class PartitionList(Keys keys)
{
    /// <summary>Fields listed for one partition; the library reads others when it needs them.</summary>
    private const int MaxFields = 1000;

    private readonly Dictionary<int, int> _places = [];
    private readonly List<(int Partition, List<RedisArgument> Fields)> _partitions = [];

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

    /// <summary>The place of a partition in the list, from 1; adds it.</summary>
    public int Place(int partition)
    {
        if (_places.TryGetValue(partition, out var place))
        {
            return place;
        }

        _partitions.Add((partition, []));
        return _places[partition] = _partitions.Count;
    }

    /// <summary>Adds a field to those of a partition.</summary>
    public void Need(int partition, RedisArgument field)
    {
        var fields = _partitions[Place(partition) - 1].Fields;
        if (fields.Count < MaxFields && !fields.Exists(known => known.IsSame(field)))
        {
            fields.Add(field);
        }
    }

    public void WriteTo(List<RedisArgument> arguments)
    {
        arguments.Add(_partitions.Count);
        foreach (var (partition, fields) in _partitions)
        {
            arguments.Add(keys.Tag(partition));
            arguments.Add(fields.Count);
            arguments.AddRange(fields);
        }
    }
}
