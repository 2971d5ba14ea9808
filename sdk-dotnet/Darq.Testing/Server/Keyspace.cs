namespace Darq.Testing.Server;

/// <summary>
/// The data of the fake server, in memory, and the commands on it that the function library uses. A command that it does
/// not know is a fault, so that the library cannot silently outgrow it.
/// </summary>
internal sealed class Keyspace(Func<long> now)
{
    private readonly Dictionary<string, Entry> _entries = [];

    public Damage Damage { get; } = new();

    /// <summary>The names of the keys, damaged ones among them.</summary>
    public IEnumerable<string> Names => _entries.Keys;

    /// <summary>Milliseconds since the epoch; a call sees one time throughout.</summary>
    public long Now => now();

    /// <summary>Where values with a time to live are to have their own time: milliseconds since the epoch.</summary>
    public Func<long>? TimeOfValues { get; set; }

    /// <summary>Whether the command changes data; such a command is journaled and refused to functions that do not write.</summary>
    public static bool Writes(string command) => Known(command).Writes;

    public Reply Execute(string[] words)
    {
        var arguments = new Arguments(words);
        var command = Known(arguments.Name);
        if (arguments.Count < command.LeastArguments)
        {
            return new Reply.Error("ERR Wrong number of args calling Redis command from script");
        }

        try
        {
            return command.Run(this, arguments);
        }
        catch (CommandException refused)
        {
            return new Reply.Error(refused.Message);
        }
    }

    /// <summary>The live entry of a key, or null.</summary>
    public Entry? Find(string key)
    {
        if (Damage.Of(key) is { } damaged)
        {
            return damaged;
        }

        if (!_entries.TryGetValue(key, out var entry))
        {
            return null;
        }

        if (entry.ExpiresAt > (entry.HasOwnTime ? TimeOfValues!() : Now))
        {
            return entry;
        }

        _entries.Remove(key);
        return null;
    }

    /// <summary>The key's value, or null; a key of another type is an error.</summary>
    public T? Find<T>(string key)
        where T : class =>
        Find(key)?.Value switch
        {
            null => null,
            T value => value,
            _ => throw new CommandException("WRONGTYPE Operation against a key holding the wrong kind of value"),
        };

    public T Create<T>(string key)
        where T : class, new()
    {
        if (Find<T>(key) is { } found)
        {
            return found;
        }

        var value = new T();
        _entries[key] = new Entry(value);
        return value;
    }

    /// <summary>Replaces whatever was there, with its time to live.</summary>
    public void Put(string key, object value)
    {
        Damage.End(key);
        _entries[key] = new Entry(value);
    }

    public bool Remove(string key) => Find(key) is not null && (Damage.End(key) | _entries.Remove(key));

    public void Clear()
    {
        Damage.Forget();
        _entries.Clear();
    }

    private static Command Known(string name) =>
        Commands.All.TryGetValue(name, out var command)
            ? command
            : throw new NotSupportedException($"the fake server has no command {name}");

    internal sealed class Entry(object value)
    {
        public object Value { get; } = value;

        /// <summary>Milliseconds since the epoch.</summary>
        public long ExpiresAt { get; set; } = long.MaxValue;

        /// <summary>Whether it expires in the time of values.</summary>
        public bool HasOwnTime { get; private set; }

        /// <summary>A value expires so much later in its own time as it would in that of the server.</summary>
        public void ExpireAt(long at, Keyspace keys)
        {
            HasOwnTime = keys.TimeOfValues is not null;
            ExpiresAt = keys.TimeOfValues is { } time ? time() + at - keys.Now : at;
        }
    }
}

/// <summary>One command: its name, whether it writes, how many words it needs at least after its name.</summary>
internal sealed record Command(bool Writes, int LeastArguments, Func<Keyspace, Arguments, Reply> Run);

internal static class Commands
{
    public static IReadOnlyDictionary<string, Command> All { get; } =
        new Dictionary<string, Command>(StringComparer.OrdinalIgnoreCase)
        {
            ["DEL"] = new(true, 1, KeyCommands.Delete),
            ["UNLINK"] = new(true, 1, KeyCommands.Delete),
            ["EXISTS"] = new(false, 1, KeyCommands.Exists),
            ["TYPE"] = new(false, 1, KeyCommands.Type),
            ["GET"] = new(false, 1, KeyCommands.Get),
            ["GETRANGE"] = new(false, 3, KeyCommands.GetRange),
            ["SET"] = new(true, 2, KeyCommands.Set),
            ["INCRBY"] = new(true, 2, KeyCommands.Increase),
            ["EXPIRE"] = new(true, 2, KeyCommands.Expire),
            ["PEXPIRE"] = new(true, 2, KeyCommands.Expire),
            ["EXPIREAT"] = new(true, 2, KeyCommands.Expire),
            ["PEXPIREAT"] = new(true, 2, KeyCommands.Expire),
            ["PERSIST"] = new(true, 1, KeyCommands.Persist),
            ["PTTL"] = new(false, 1, KeyCommands.TimeToLive),
            ["TIME"] = new(false, 0, KeyCommands.Time),
            ["HGET"] = new(false, 2, HashCommands.Get),
            ["HMGET"] = new(false, 2, HashCommands.GetMany),
            ["HSET"] = new(true, 3, HashCommands.Set),
            ["HSETNX"] = new(true, 3, HashCommands.SetNew),
            ["HDEL"] = new(true, 2, HashCommands.Delete),
            ["HINCRBY"] = new(true, 3, HashCommands.Increase),
            ["HGETALL"] = new(false, 1, HashCommands.All),
            ["HKEYS"] = new(false, 1, HashCommands.Fields),
            ["HVALS"] = new(false, 1, HashCommands.Values),
            ["HLEN"] = new(false, 1, HashCommands.Count),
            ["HEXISTS"] = new(false, 2, HashCommands.Exists),
            ["ZADD"] = new(true, 3, SortedSetCommands.Add),
            ["ZREM"] = new(true, 2, SortedSetCommands.Remove),
            ["ZCARD"] = new(false, 1, SortedSetCommands.Count),
            ["ZSCORE"] = new(false, 2, SortedSetCommands.Score),
            ["ZRANGE"] = new(false, 3, SortedSetCommands.Range),
            ["ZRANGEBYSCORE"] = new(false, 3, SortedSetCommands.RangeByScore),
            ["ZREVRANGEBYSCORE"] = new(false, 3, SortedSetCommands.RangeByScore),
            ["ZREMRANGEBYSCORE"] = new(true, 3, SortedSetCommands.RemoveByScore),
            ["ZPOPMIN"] = new(true, 1, SortedSetCommands.PopLowest),
            ["XADD"] = new(true, 4, StreamCommands.Add),
            ["XRANGE"] = new(false, 3, StreamCommands.Range),
            ["XREVRANGE"] = new(false, 3, StreamCommands.Range),
            ["XTRIM"] = new(true, 3, StreamCommands.Trim),
            ["XLEN"] = new(false, 1, StreamCommands.Count),
            ["XDEL"] = new(true, 2, StreamCommands.Delete),
        };
}
