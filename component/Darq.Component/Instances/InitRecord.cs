using System.Text.Json.Serialization;
using Darq.Component.Configuration;

namespace Darq.Component.Instances;

/// <summary>The properties of one instance's Init, without secret values; <see cref="Withheld"/> names the given secrets.</summary>
internal sealed record InitRecord(
    SidecarProcess Process,
    ComponentService Service,
    string Instance,
    IReadOnlyDictionary<string, string> Properties,
    IReadOnlyList<string> Withheld
)
{
    public const int CurrentFormat = 2;

    public int Format { get; init; } = CurrentFormat;

    /// <summary>When Init came, in Unix milliseconds; tells records of hidden processes apart, and which is newer.</summary>
    public long At { get; init; }

    /// <summary>The topics that its sidecar had streams on; null where there were none.</summary>
    public IReadOnlyList<string>? Topics { get; init; }

    [JsonIgnore]
    public InstanceKey Key => new(Service, Instance);

    /// <summary>Whether the other was made by the same settings, as far as either has them.</summary>
    public bool IsMadeLike(InitRecord other) =>
        Withheld.Order(StringComparer.Ordinal).SequenceEqual(other.Withheld.Order(StringComparer.Ordinal))
        && Properties.Count == other.Properties.Count
        && Properties.All(property => other.Properties.TryGetValue(property.Key, out var value) && value == property.Value);
}
