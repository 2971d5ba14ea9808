using Darq.Component.Configuration;

namespace Darq.Component.Instances;

/// <summary>The properties of one instance's Init, without secret values; <see cref="Withheld"/> names the given secrets.</summary>
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
