namespace Darq.Engine.Core;

/// <summary>Finds the known name nearest to a mistyped one: fewest letters to change, swap, add or drop.</summary>
internal static class NearestName
{
    /// <summary>The nearest name, or null where none is near enough: where a third of the letters would have to change.</summary>
    public static string? Of(string unknown, IEnumerable<string> known) => Of(unknown, known, Math.Max(2, unknown.Length / 3));

    /// <summary>The nearest name at most so many changes away, or null.</summary>
    public static string? Of(string unknown, IEnumerable<string> known, int changesMax)
    {
        // Far longer than any known name: none is near, and the table grows with the square.
        if (unknown.Length > 64)
        {
            return null;
        }

        var (best, fewest) = ((string?)null, int.MaxValue);
        foreach (var name in known)
        {
            var distance = Distance(unknown.ToUpperInvariant(), name.ToUpperInvariant());
            if (distance < fewest)
            {
                (best, fewest) = (name, distance);
            }
        }

        return fewest <= changesMax ? best : null;
    }

    private static int Distance(string left, string right)
    {
        var table = new int[left.Length + 1, right.Length + 1];
        for (var i = 0; i <= left.Length; i++)
        {
            for (var j = 0; j <= right.Length; j++)
            {
                table[i, j] =
                    i == 0 ? j
                    : j == 0 ? i
                    : Step(table, left, right, i, j);
            }
        }

        return table[left.Length, right.Length];
    }

    private static int Step(int[,] table, string left, string right, int i, int j)
    {
        var change = table[i - 1, j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
        var least = Math.Min(change, Math.Min(table[i - 1, j], table[i, j - 1]) + 1);
        var swapped = i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
        return swapped ? Math.Min(least, table[i - 2, j - 2] + 1) : least;
    }
}
