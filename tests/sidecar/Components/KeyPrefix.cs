using Darq.Sidecar.Resources;

namespace Darq.Sidecar.Components;

/// <summary>What daprd puts in front of a state key, and how it takes it off again.</summary>
internal sealed class KeyPrefix
{
    public const string Separator = "||";
    private readonly string? _prefix;

    public KeyPrefix(ComponentManifest manifest, string appId, string? @namespace)
    {
        var strategy = manifest.Find("keyPrefix")?.ToLowerInvariant();
        _prefix = strategy switch
        {
            "none" => null,
            "name" => manifest.Name,
            "namespace" when @namespace is { Length: > 0 } => $"{@namespace}.{appId}",
            null or "appid" or "namespace" => appId,
            _ => strategy,
        };
    }

    public static bool Accepts(string key) => !key.Contains(Separator, StringComparison.Ordinal);

    public string Outer(string key) => _prefix is null ? key : _prefix + Separator + key;

    public static string Inner(string key) => key.Split(Separator) is [_, var second, ..] ? second : key;
}
