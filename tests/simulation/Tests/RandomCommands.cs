namespace Darq.Tests.Simulation.Tests;

/// <summary>Commands on a handful of keys, fields and numbers, so that they meet, with some that are wrong.</summary>
internal sealed class RandomCommands(Random random, long now)
{
    private static readonly string[] Bounds = ["-inf", "+inf", "(3", "0", "5", "2.5", "(-1", "x"];

    private int _id;

    public string[] Next() =>
        random.Next(34) switch
        {
            0 => ["HSET", Hash(), Field(), Value(), Field(), Value()],
            1 => ["HSET", Any(), Field(), Value()],
            2 => ["HGET", Any(), Field()],
            3 => ["HMGET", Hash(), Field(), Field(), Field()],
            4 => ["HDEL", Hash(), Field(), Field()],
            5 => ["HINCRBY", Any(), Field(), Number()],
            6 => ["HGETALL", Any()],
            7 => ["HLEN", Any()],
            8 => ["HKEYS", Hash()],
            9 => ["HEXISTS", Hash(), Field()],
            10 => ["HSETNX", Hash(), Field(), Value()],
            11 => ["ZADD", Any(), Number(), Field()],
            12 or 13 => ["ZADD", Set(), Score(), Field(), Score(), Field()],
            14 => ["ZREM", Set(), Field(), Field()],
            15 => ["ZCARD", Any()],
            16 => ["ZRANGE", Set(), Number(), Number(), "WITHSCORES"],
            17 => ["ZRANGEBYSCORE", Set(), Bound(), Bound(), "LIMIT", "1", "2"],
            18 => ["ZREVRANGEBYSCORE", Set(), Bound(), Bound(), "WITHSCORES", "LIMIT", "0", Number()],
            19 => ["ZPOPMIN", Set()],
            20 => ["ZREMRANGEBYSCORE", Set(), Bound(), Bound()],
            21 or 22 => ["XADD", Log(), Id(), Field(), Value(), Field(), Value()],
            23 => ["XRANGE", Log(), From(), "+", "COUNT", "3"],
            24 => ["XREVRANGE", Log(), "+", From()],
            25 => ["XTRIM", Log(), "MINID", Id()],
            26 => random.Next(2) == 0 ? ["XLEN", Log()] : ["XDEL", Log(), Id(), Id()],
            27 => random.Next(3) switch
            {
                0 => ["SET", Any(), Value()],
                1 => ["SET", Any(), Value(), "PXAT", $"{now + random.Next(1, 1000) * 100_000}"],
                _ => ["SET", Plain(), Value(), "NX", "PX", "100000"],
            },
            28 => random.Next(2) == 0 ? ["GET", Any()] : ["GETRANGE", Any(), $"{random.Next(3)}", $"{random.Next(9)}"],
            29 => [random.Next(2) == 0 ? "DEL" : "UNLINK", Any(), Any()],
            30 => random.Next(2) == 0 ? ["EXISTS", Any(), Any()] : ["TYPE", Any()],
            31 => random.Next(2) == 0
                ? ["PEXPIREAT", Any(), $"{now + random.Next(-1000, 1000) * 100_000}"]
                : ["EXPIRE", Any(), random.Next(2) == 0 ? "1000" : "0"],
            32 => random.Next(2) == 0 ? ["PERSIST", Any()] : ["INCRBY", Any(), Number()],
            _ => random.Next(2) == 0 ? ["HGET"] : ["ZSCORE", Set(), Field()],
        };

    private string Hash() => $"hash{random.Next(2)}";

    private string Set() => $"set{random.Next(2)}";

    private string Log() => $"log{random.Next(2)}";

    private static string Plain() => "plain";

    private string Any() =>
        random.Next(5) switch
        {
            0 => Set(),
            1 => Log(),
            2 => Plain(),
            _ => Hash(),
        };

    private string Field() => "abcdeé\0"[random.Next(7)].ToString();

    private string Value() =>
        random.Next(3) == 0 ? Number()
        : random.Next(2) == 0 ? "a value"
        : "\u00ff\0\r\n";

    private string Number() => $"{random.Next(-3, 12)}";

    private string Score() =>
        random.Next(4) == 0 ? "1.5"
        : random.Next(9) == 0 ? "1767225600000"
        : Number();

    private string Bound() => Bounds[random.Next(Bounds.Length)];

    private string Id() =>
        random.Next(8) == 0 ? "0-0" : $"{1 + random.Next(2)}-{_id += random.Next(-1, 3)}".Replace("--", "-", StringComparison.Ordinal);

    private string From() =>
        random.Next(3) switch
        {
            0 => "-",
            1 => "(" + Id(),
            _ => Id(),
        };
}
