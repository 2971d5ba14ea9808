namespace Darq.Testing.Server;

/// <summary>A sorted set: members by score, then by bytes.</summary>
internal sealed class SortedSet
{
    private readonly Dictionary<string, double> _scores = [];
    private readonly SortedSet<(double Score, string Member)> _order = new(
        Comparer<(double Score, string Member)>.Create(
            (one, other) =>
                one.Score.CompareTo(other.Score) is var order && order != 0 ? order : string.CompareOrdinal(one.Member, other.Member)
        )
    );

    public int Count => _order.Count;

    public IEnumerable<(double Score, string Member)> Ascending => _order;

    public double? Score(string member) => _scores.TryGetValue(member, out var score) ? score : null;

    /// <summary>Whether the member is new.</summary>
    public bool Put(string member, double score)
    {
        var isNew = !Remove(member);
        _scores[member] = score;
        _order.Add((score, member));
        return isNew;
    }

    public bool Remove(string member) => _scores.Remove(member, out var score) && _order.Remove((score, member));
}

internal static class SortedSetCommands
{
    public static Reply Add(Keyspace keys, Arguments words)
    {
        if (words.Count % 2 == 0)
        {
            throw words[1].Any(char.IsLetter)
                ? new NotSupportedException("the fake ZADD has no options")
                : new CommandException("ERR syntax error");
        }

        var scores = Enumerable.Range(0, words.Count / 2).Select(i => words.Score(1 + 2 * i)).ToArray();
        var set = keys.Create<SortedSet>(words.Key);
        return scores.Where((score, i) => set.Put(words[2 + 2 * i], score)).Count();
    }

    public static Reply Remove(Keyspace keys, Arguments words)
    {
        var set = keys.Find<SortedSet>(words.Key);
        var removed = set is null ? 0 : words.From(1).Count(set.Remove);
        DropIfEmpty(keys, words.Key, set);
        return removed;
    }

    public static Reply Count(Keyspace keys, Arguments words) => keys.Find<SortedSet>(words.Key)?.Count ?? 0;

    public static Reply Score(Keyspace keys, Arguments words) =>
        keys.Find<SortedSet>(words.Key)?.Score(words[1]) is { } score ? Text(score) : (string?)null;

    /// <summary>By rank only: the library uses no other form.</summary>
    public static Reply Range(Keyspace keys, Arguments words)
    {
        if (words.Count > 3 && !words.Is(3, "WITHSCORES"))
        {
            throw new NotSupportedException($"the fake ZRANGE has no option {words[3]}");
        }

        var all = (keys.Find<SortedSet>(words.Key)?.Ascending ?? []).ToArray();
        var first = Math.Max(0, Rank(words.Integer(1), all.Length));
        var last = Math.Min(Rank(words.Integer(2), all.Length), all.Length - 1);
        return Members(all.Skip(first).Take(last - first + 1), withScores: words.Count > 3);
    }

    public static Reply RangeByScore(Keyspace keys, Arguments words)
    {
        var descending = words.Name.StartsWith("ZREV", StringComparison.Ordinal);
        var (low, high) = descending ? (words[2], words[1]) : (words[1], words[2]);
        var (least, most) = (Bound(low), Bound(high));
        var found = Between(keys.Find<SortedSet>(words.Key), least, most);
        if (descending)
        {
            found = found.Reverse();
        }

        var withScores = false;
        for (var i = 3; i < words.Count; i++)
        {
            if (words.Is(i, "WITHSCORES"))
            {
                withScores = true;
            }
            else if (words.Is(i, "LIMIT"))
            {
                (found, i) = (Limited(found, words.Integer(i + 1), words.Integer(i + 2)), i + 2);
            }
            else
            {
                throw new CommandException("ERR syntax error");
            }
        }
        return Members(found, withScores);
    }

    public static Reply RemoveByScore(Keyspace keys, Arguments words)
    {
        var (least, most) = (Bound(words[1]), Bound(words[2]));
        var set = keys.Find<SortedSet>(words.Key);
        var removed = Between(set, least, most).ToArray().Count(member => set!.Remove(member.Member));
        DropIfEmpty(keys, words.Key, set);
        return removed;
    }

    public static Reply PopLowest(Keyspace keys, Arguments words)
    {
        var set = keys.Find<SortedSet>(words.Key);
        var lowest = (set?.Ascending ?? []).Take(words.Count > 1 ? (int)words.Integer(1) : 1).ToArray();
        foreach (var (_, member) in lowest)
        {
            set!.Remove(member);
        }

        DropIfEmpty(keys, words.Key, set);
        return Members(lowest, withScores: true);
    }

    private static IEnumerable<(double Score, string Member)> Between(
        SortedSet? set,
        (double Score, bool Open) least,
        (double Score, bool Open) most
    ) =>
        (set?.Ascending ?? []).Where(member =>
            (least.Open ? member.Score > least.Score : member.Score >= least.Score)
            && (most.Open ? member.Score < most.Score : member.Score <= most.Score)
        );

    private static IEnumerable<(double Score, string Member)> Limited(
        IEnumerable<(double Score, string Member)> found,
        long skip,
        long take
    ) => take < 0 ? found.Skip((int)skip) : found.Skip((int)skip).Take((int)take);

    private static (double Score, bool Open) Bound(string text) =>
        (Arguments.ParseScore(text.TrimStart('('), "ERR min or max is not a float"), text.StartsWith('('));

    private static int Rank(long rank, int count) => (int)(rank >= 0 ? rank : rank + count);

    private static Reply Members(IEnumerable<(double Score, string Member)> members, bool withScores) =>
        Reply.Of(members.SelectMany(member => withScores ? [member.Member, Text(member.Score)] : new[] { member.Member }));

    private static string Text(double score) =>
        score switch
        {
            double.PositiveInfinity => "inf",
            double.NegativeInfinity => "-inf",
            _ => Lua.LuaState.Text(score),
        };

    private static void DropIfEmpty(Keyspace keys, string key, SortedSet? set)
    {
        if (set?.Count == 0)
        {
            keys.Remove(key);
        }
    }
}
