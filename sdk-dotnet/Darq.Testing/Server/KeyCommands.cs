using System.Globalization;

namespace Darq.Testing.Server;

/// <summary>Commands on keys of any type, on plain values, and the clock.</summary>
internal static class KeyCommands
{
    public static Reply Delete(Keyspace keys, Arguments words) => words.From(0).Count(keys.Remove);

    public static Reply Exists(Keyspace keys, Arguments words) => words.From(0).Count(key => keys.Find(key) is not null);

    public static Reply Type(Keyspace keys, Arguments words) =>
        new Reply.Status(
            keys.Find(words.Key)?.Value switch
            {
                null => "none",
                string => "string",
                Hash => "hash",
                SortedSet => "zset",
                _ => "stream",
            }
        );

    public static Reply Get(Keyspace keys, Arguments words) => keys.Find<string>(words.Key);

    /// <summary>Like GETRANGE, with both ends from the start of the text.</summary>
    public static Reply GetRange(Keyspace keys, Arguments words)
    {
        var (text, first, last) = (keys.Find<string>(words.Key) ?? "", (int)words.Integer(1), (int)words.Integer(2));
        if (first < 0 || last < 0)
        {
            throw new NotSupportedException("the fake GETRANGE counts from the start only");
        }

        return first >= text.Length || last < first ? "" : text[first..Math.Min(last + 1, text.Length)];
    }

    public static Reply Set(Keyspace keys, Arguments words)
    {
        long? expires = null;
        for (var i = 2; i < words.Count; i++)
        {
            if (words.Is(i, "NX") && keys.Find(words.Key) is not null || words.Is(i, "XX") && keys.Find(words.Key) is null)
            {
                return Reply.Nothing;
            }

            if (words.Is(i, "PX"))
            {
                expires = keys.Now + words.Integer(++i);
            }
            else if (words.Is(i, "PXAT"))
            {
                expires = words.Integer(++i);
            }
            else if (words.Is(i, "EX"))
            {
                expires = keys.Now + words.Integer(++i) * 1000;
            }
            else if (!words.Is(i, "NX") && !words.Is(i, "XX"))
            {
                throw new NotSupportedException($"the fake SET has no option {words[i]}");
            }
        }
        keys.Put(words.Key, words[1]);
        if (expires is { } at)
        {
            keys.Find(words.Key)!.ExpireAt(at, keys);
        }

        return Reply.Ok;
    }

    public static Reply Increase(Keyspace keys, Arguments words)
    {
        var sum = Arguments.ParseInteger(keys.Find<string>(words.Key) ?? "0") + words.Integer(1);
        var expires = keys.Find(words.Key)?.ExpiresAt ?? long.MaxValue;
        keys.Put(words.Key, sum.ToString(CultureInfo.InvariantCulture));
        keys.Find(words.Key)!.ExpiresAt = expires;
        return sum;
    }

    public static Reply Expire(Keyspace keys, Arguments words)
    {
        if (words.Count > 2)
        {
            throw new NotSupportedException($"the fake {words.Name} has no options");
        }

        var time =
            words.Integer(1) * (words.Name[0] == 'P' ? 1 : 1000) + (words.Name.EndsWith("AT", StringComparison.Ordinal) ? 0 : keys.Now);
        if (keys.Find(words.Key) is not { } entry)
        {
            return 0;
        }

        entry.ExpiresAt = time;
        return 1;
    }

    public static Reply Persist(Keyspace keys, Arguments words)
    {
        if (keys.Find(words.Key) is not { } entry || entry.ExpiresAt == long.MaxValue)
        {
            return 0;
        }

        entry.ExpiresAt = long.MaxValue;
        return 1;
    }

    public static Reply TimeToLive(Keyspace keys, Arguments words) =>
        keys.Find(words.Key) switch
        {
            null => -2,
            { ExpiresAt: long.MaxValue } => -1,
            var entry => entry.ExpiresAt - keys.Now,
        };

    public static Reply Time(Keyspace keys, Arguments words) =>
        Reply.Of([
            (keys.Now / 1000).ToString(CultureInfo.InvariantCulture),
            (keys.Now % 1000 * 1000).ToString(CultureInfo.InvariantCulture),
        ]);
}
