namespace Darq;

/// <summary>When the component answers a publish or a step.</summary>
public enum AckLevel
{
    /// <summary>When it is durable, as the component's setting <c>durability</c> defines it.</summary>
    Durable,

    /// <summary>When Redis has applied it. Faster, and a crash may undo it until it is durable.</summary>
    Speculative,
}

/// <summary>The component's words.</summary>
internal static class AckLevels
{
    public const string MetadataName = "darq.ack";

    public static string Word(this AckLevel level) => level == AckLevel.Speculative ? "speculative" : "durable";
}
