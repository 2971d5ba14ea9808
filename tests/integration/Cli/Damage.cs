using System.Globalization;
using Darq.Tests.Shared;

namespace Darq.Tests.Integration.Cli;

/// <summary>Ways to damage a namespace by hand; each returns the key that the doctor has to name.</summary>
internal static class Damage
{
    private const string Topic = BusyNamespace.Topic;
    private const string Lane = $"{BusyNamespace.Group}:{Topic}";

    public static readonly IReadOnlyDictionary<string, Func<RedisServer, Task<string>>> All = new Dictionary<
        string,
        Func<RedisServer, Task<string>>
    >
    {
        ["member"] = redis => FieldAsync(redis, "{darq}:members", "somebody", "no time"),
        ["members of another type"] = redis => TypeAsync(redis, "{darq}:members"),
        ["lane"] = redis => FieldAsync(redis, Header, $"l:{Lane}", "planted"),
        ["lane in bytes"] = redis => FieldAsync(redis, Header, $"l:{Lane}", "\u00e4\u0001 -"),
        ["topic"] = redis => FieldAsync(redis, Header, $"t:{Topic}", "planted"),
        // Publishers that do not give up soon break the partition with it.
        ["topic gone"] = async redis =>
        {
            await redis.CliAsync("HDEL", Header, $"t:{Topic}");
            return $":t:{Topic}";
        },
        ["ids"] = redis => FieldAsync(redis, Header, $"d:{Topic}", "planted"),
        ["results"] = redis => FieldAsync(redis, Header, "r", "planted"),
        ["lsn"] = redis => FieldAsync(redis, Header, "lsn", "planted"),
        ["world-line"] = redis => FieldAsync(redis, Header, "wl", "planted"),
        ["broken"] = redis => FieldAsync(redis, Header, "broken", "planted"),
        ["acked range"] = async redis =>
        {
            await redis.CliAsync("ZADD", BusyNamespace.Key(0, $"o:{Lane}"), "5", "planted");
            return BusyNamespace.Key(0, $"o:{Lane}");
        },
        ["retry queue"] = async redis =>
        {
            await redis.CliAsync("ZADD", BusyNamespace.Key(0, $"q:{Lane}"), "5", "planted");
            return BusyNamespace.Key(0, $"q:{Lane}");
        },
        ["stream of another type"] = redis => TypeAsync(redis, BusyNamespace.Key(0, $"t:{Topic}")),
        ["messages missing"] = async redis =>
        {
            var found = await redis.CliAsync("HGET", Header, $"t:{Topic}");
            var numbers = (found.Length > 0 ? found : "1 1 0 0 - ").Split(' ');
            await redis.CliAsync(
                "HSET",
                Header,
                $"t:{Topic}",
                string.Join(' ', [$"{long.Parse(numbers[0], CultureInfo.InvariantCulture) + 5}", .. numbers[1..]])
            );
            return $":t:{Topic}";
        },
        ["header of another type"] = redis => TypeAsync(redis, BusyNamespace.Key(1, "m")),
        ["ranges of another type"] = redis => TypeAsync(redis, BusyNamespace.Key(1, $"o:{Lane}")),
        ["ids of another type"] = redis => TypeAsync(redis, BusyNamespace.Key(1, $"i:{Topic}:d1")),
        ["history"] = redis => FieldAsync(redis, BusyNamespace.Key(0, "wlh"), "planted", "x"),
    };

    private static string Header => BusyNamespace.Key(0, "m");

    private static async Task<string> FieldAsync(RedisServer redis, string key, string field, string value)
    {
        await redis.CliAsync("HSET", key, field, value);
        return $"{key} {field}";
    }

    private static async Task<string> TypeAsync(RedisServer redis, string key)
    {
        // At once: a component would write its own key again.
        await redis.CliAsync("EVAL", "redis.call('DEL', KEYS[1]) redis.call('RPUSH', KEYS[1], 'planted')", "1", key);
        return key;
    }
}
