using Darq.Component.Configuration;

namespace Darq.Component.Instances;

/// <summary>What Init said about one instance, without its secret values; <see cref="Withheld"/> names those that were given.</summary>
internal sealed record InitRecord(
    ComponentService Service,
    string Instance,
    IReadOnlyDictionary<string, string> Properties,
    IReadOnlyList<string> Withheld
)
{
    public const int CurrentFormat = 1;

    public int Format { get; init; } = CurrentFormat;
}
