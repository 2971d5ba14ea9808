using System.Globalization;

namespace Darq.Testing.Server;

/// <summary>A hash; fields keep the order in which they came.</summary>
internal sealed class Hash : OrderedDictionary<string, string>;

internal static class HashCommands
{
    public static Reply Get(Keyspace keys, Arguments words) => keys.Find<Hash>(words.Key)?.GetValueOrDefault(words[1]);

    public static Reply GetMany(Keyspace keys, Arguments words)
    {
        var hash = keys.Find<Hash>(words.Key);
        return Reply.Of(words.From(1).Select(field => hash?.GetValueOrDefault(field)));
    }

    public static Reply Set(Keyspace keys, Arguments words)
    {
        if (words.Count % 2 == 0)
        {
            throw new CommandException("ERR wrong number of arguments for 'hset' command");
        }

        var hash = keys.Create<Hash>(words.Key);
        var before = hash.Count;
        for (var i = 1; i < words.Count; i += 2)
        {
            hash[words[i]] = words[i + 1];
        }

        return hash.Count - before;
    }

    public static Reply SetNew(Keyspace keys, Arguments words) => keys.Create<Hash>(words.Key).TryAdd(words[1], words[2]) ? 1 : 0;

    public static Reply Delete(Keyspace keys, Arguments words)
    {
        if (keys.Find<Hash>(words.Key) is not { } hash)
        {
            return 0;
        }

        var deleted = words.From(1).Count(hash.Remove);
        if (hash.Count == 0)
        {
            keys.Remove(words.Key);
        }

        return deleted;
    }

    public static Reply Increase(Keyspace keys, Arguments words)
    {
        var by = words.Integer(2);
        var before = keys.Find<Hash>(words.Key)?.GetValueOrDefault(words[1]) ?? "0";
        if (!long.TryParse(before, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            throw new CommandException("ERR hash value is not an integer");
        }

        keys.Create<Hash>(words.Key)[words[1]] = (number + by).ToString(CultureInfo.InvariantCulture);
        return number + by;
    }

    public static Reply All(Keyspace keys, Arguments words) =>
        Reply.Of((keys.Find<Hash>(words.Key) ?? []).SelectMany(field => new[] { field.Key, field.Value }));

    public static Reply Fields(Keyspace keys, Arguments words) => Reply.Of((keys.Find<Hash>(words.Key) ?? []).Keys);

    public static Reply Values(Keyspace keys, Arguments words) => Reply.Of((keys.Find<Hash>(words.Key) ?? []).Values);

    public static Reply Count(Keyspace keys, Arguments words) => keys.Find<Hash>(words.Key)?.Count ?? 0;

    public static Reply Exists(Keyspace keys, Arguments words) => keys.Find<Hash>(words.Key)?.ContainsKey(words[1]) == true ? 1 : 0;
}
