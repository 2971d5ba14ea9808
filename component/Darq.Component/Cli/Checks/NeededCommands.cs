namespace Darq.Component.Cli.Checks;

/// <summary>
/// The commands that the component's Redis user needs, each with arguments for which ACL DRYRUN can judge it. The same list as the user in
/// SECURITY.md.
/// </summary>
internal static class NeededCommands
{
    /// <summary>Without them nothing tells how durable an answer is, and a named level is refused.</summary>
    public static readonly string[] Optional = ["config get", "wait"];

    /// <summary>Without it a file that a crash tore stays as it is.</summary>
    public const string Rewrite = "bgrewriteaof";

    /// <param name="key">A key of the namespace.</param>
    public static IReadOnlyList<string[]> On(string key) =>
        [
            ["fcall", "f", "1", key],
            ["fcall_ro", "f", "1", key],
            ["function", "load", "code"],
            ["function", "list"],
            ["xrange", key, "-", "+"],
            ["multi"],
            ["exec"],
            ["hget", key, "f"],
            ["subscribe", key],
            ["unsubscribe"],
            ["ssubscribe", key],
            ["sunsubscribe"],
            ["ping"],
            ["echo", "x"],
            ["select", "0"],
            ["info"],
            ["cluster", "info"],
            ["client", "id"],
            ["client", "setname", "x"],
            ["config", "get", "save"],
            ["wait", "0", "1"],
            [Rewrite],
            ["exists", key],
            ["get", key],
            ["getrange", key, "0", "1"],
            ["hdel", key, "f"],
            ["hgetall", key],
            ["hkeys", key],
            ["hlen", key],
            ["hmget", key, "f"],
            ["hset", key, "f", "v"],
            ["hsetnx", key, "f", "v"],
            ["pexpire", key, "1"],
            ["pexpireat", key, "1"],
            ["set", key, "v"],
            ["spublish", key, "x"],
            ["time"],
            ["type", key],
            ["unlink", key],
            ["xadd", key, "*", "f", "v"],
            ["xtrim", key, "MINID", "0-1"],
            ["zadd", key, "1", "m"],
            ["zcard", key],
            ["zrange", key, "0", "-1"],
            ["zrangebyscore", key, "0", "1"],
            ["zrem", key, "m"],
            ["zrevrangebyscore", key, "1", "0"],
        ];

    /// <summary>The command of a list of words as an ACL rule names it: <c>config get</c> for a sub-command.</summary>
    public static string NameOf(string[] words) =>
        words[0] is "function" or "cluster" or "client" or "config" ? $"{words[0]} {words[1]}" : words[0];
}
