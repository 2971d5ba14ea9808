namespace Darq.Engine.Core;

/// <summary>When a request is answered.</summary>
internal enum AckLevel
{
    /// <summary>When what it changed, or what its answer rests on, is durable.</summary>
    Durable,

    /// <summary>When Redis has applied it. A crash that the level of durability does not yet cover may undo it.</summary>
    Speculative,
}

/// <summary>Its words, which are the same on every surface.</summary>
internal static class AckLevels
{
    public const string DurableWord = "durable";
    public const string SpeculativeWord = "speculative";

    /// <summary>What is accepted, for error texts.</summary>
    public const string Form = $"{DurableWord} or {SpeculativeWord}";

    public static bool TryParse(string? text, out AckLevel level)
    {
        level = text == SpeculativeWord ? AckLevel.Speculative : AckLevel.Durable;
        return text is DurableWord or SpeculativeWord;
    }

    /// <summary>Throws <see cref="DarqException"/> (Invalid), with the name of what has this text, where it is no level.</summary>
    public static AckLevel Read(string name, string text) => TryParse(text, out var level) ? level : throw Limits.Invalid(name, text, Form);

    /// <summary>
    /// The level of a request whose parts name their own: durable where one part says so, speculative where all do; else null, which
    /// stands for what the component says.
    /// </summary>
    public static AckLevel? Together(IEnumerable<AckLevel?> levels)
    {
        AckLevel? together = null;
        var isAll = true;
        foreach (var level in levels)
        {
            if (level == AckLevel.Durable)
            {
                return AckLevel.Durable;
            }

            isAll &= level is not null;
            together ??= level;
        }

        return isAll ? together : null;
    }
}
