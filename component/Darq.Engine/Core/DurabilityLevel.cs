using System.Globalization;

namespace Darq.Engine.Core;

/// <summary>The kinds of <see cref="DurabilityLevel"/>.</summary>
internal enum DurabilityKind
{
    /// <summary>The strongest that the server has and that costs no more than a few milliseconds.</summary>
    Auto,

    /// <summary>Redis has applied it.</summary>
    Reply,

    /// <summary>The primary has it on its disk.</summary>
    Fsync,

    /// <summary>So many replicas have it in memory.</summary>
    Replicated,

    /// <summary>So many replicas have it on their disks.</summary>
    ReplicaFsync,

    /// <summary>The primary has it on its disk, and so many replicas in memory.</summary>
    FsyncReplicated,
}

/// <summary>
/// When a write counts as durable: the setting <c>durability</c>. A named level never falls back to a weaker one: where it is not
/// reached, answers wait.
/// </summary>
/// <param name="Kind">Which one.</param>
/// <param name="Replicas">How many replicas it asks for; 0 where it asks for none.</param>
internal readonly record struct DurabilityLevel(DurabilityKind Kind, int Replicas = 0)
{
    public const string Form = "auto, reply, fsync, replica-fsync:<n>, replicated:<n> or fsync+replicated:<n>, with n from 1 to 16";

    private const int MaxReplicas = 16;

    private static readonly (string Word, DurabilityKind Kind, bool TakesCount)[] Words =
    [
        ("auto", DurabilityKind.Auto, false),
        ("reply", DurabilityKind.Reply, false),
        ("fsync", DurabilityKind.Fsync, false),
        ("replicated", DurabilityKind.Replicated, true),
        ("replica-fsync", DurabilityKind.ReplicaFsync, true),
        ("fsync+replicated", DurabilityKind.FsyncReplicated, true),
    ];

    /// <summary>Reads the form that <see cref="Form"/> describes, in any case.</summary>
    public static bool TryParse(string text, out DurabilityLevel level)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var name = colon < 0 ? text : text[..colon];
        level = default;
        foreach (var (word, kind, takesCount) in Words)
        {
            if (!word.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            var count = 0;
            var isCounted =
                colon >= 0
                && int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out count)
                && count is >= 1 and <= MaxReplicas;
            level = new(kind, count);
            return takesCount ? isCounted : colon < 0;
        }

        return false;
    }

    public override string ToString()
    {
        var kind = Kind;
        var word = Array.Find(Words, of => of.Kind == kind).Word;
        return Replicas == 0 ? word : string.Create(CultureInfo.InvariantCulture, $"{word}:{Replicas}");
    }
}
