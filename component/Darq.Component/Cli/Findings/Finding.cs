using Darq.Component.Cli.Repairs;

namespace Darq.Component.Cli.Findings;

/// <summary>Reports have the names in small letters.</summary>
internal enum Severity
{
    /// <summary>Worth knowing; nothing has to be done.</summary>
    Note,

    /// <summary>Works, but something may be lost or stop later.</summary>
    Warning,

    /// <summary>Something does not work, or messages are lost or stuck.</summary>
    Error,
}

/// <summary>One thing that a check found.</summary>
/// <param name="Severity">How bad it is.</param>
/// <param name="Check">The check's short name, the same in every version.</param>
/// <param name="What">What was found.</param>
internal sealed record Finding(Severity Severity, string Check, string What)
{
    /// <summary>The key in Redis that it is about, where there is one.</summary>
    public string? Key { get; init; }

    /// <summary>The field of that key.</summary>
    public string? Field { get; init; }

    /// <summary>The partition that is damaged; null where the finding is about none.</summary>
    public int? Partition { get; init; }

    /// <summary>What it means for who uses the component.</summary>
    public required string Means { get; init; }

    /// <summary>What to do, as a command where there is one.</summary>
    public required string Do { get; init; }

    /// <summary>What <c>darq repair</c> would do; null where it does nothing. Findings with one cause share it.</summary>
    public Repair? Repair { get; init; }
}
