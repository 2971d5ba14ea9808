using System.Text;

namespace Darq.Testing.Crashes;

/// <summary>One run of a scenario: its crash points, and a line for each fact that came of it.</summary>
internal sealed record CrashRun(int Seed, IReadOnlyList<Moment> Points, IReadOnlyList<string> Lines)
{
    /// <summary>Whether it came to the crash point that was asked for.</summary>
    public required bool HasCrashed { get; init; }

    /// <summary>What handlers answered to messages that became dead letters; empty where none did.</summary>
    public required IReadOnlyList<string> Failures { get; init; }

    /// <summary>The facts that only one of the runs has.</summary>
    public static string Difference(CrashRun one, string onlyInOne, CrashRun other, string onlyInOther)
    {
        var text = new StringBuilder();
        Show(text, onlyInOne, Without(one.Lines, other.Lines));
        Show(text, onlyInOther, Without(other.Lines, one.Lines));
        return text.ToString().TrimEnd();
    }

    // A fact may come several times.
    private static List<string> Without(IReadOnlyList<string> lines, IEnumerable<string> others)
    {
        var left = lines.ToList();
        foreach (var other in others)
        {
            left.Remove(other);
        }

        return left;
    }

    private static void Show(StringBuilder text, string title, List<string> lines)
    {
        if (lines.Count > 0)
        {
            text.AppendLine(title);
            lines.ForEach(line => text.Append("  ").AppendLine(line));
        }
    }
}
