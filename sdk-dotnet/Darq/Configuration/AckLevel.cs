namespace Darq;

/// <summary>When the component answers a publish, a step or a read of state.</summary>
public enum AckLevel
{
    /// <summary>When what it wrote or read is durable, as the component's setting <c>durability</c> defines it.</summary>
    Durable,

    /// <summary>When Redis has applied it, or has the value that is read. Faster, and a crash may undo it until it is durable.</summary>
    Speculative,
}

/// <summary>The component's words.</summary>
internal static class AckLevels
{
    public const string MetadataName = "darq.ack";

    public static string Word(this AckLevel level) => level == AckLevel.Speculative ? "speculative" : "durable";
}
