using System.Globalization;

namespace Darq.Sidecar.Startup;

/// <summary>The environment variables that the sidecar reads.</summary>
internal sealed record SidecarEnvironment(
    string SocketsFolder,
    string? ApiToken,
    string? AppToken,
    string? Namespace,
    string? PodName,
    bool Concurrent,
    int? FalseAcknowledgements
)
{
    public static SidecarEnvironment Read()
    {
        static string? Get(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
        return new(
            Get("DAPR_COMPONENTS_SOCKETS_FOLDER") ?? "/tmp/dapr-components-sockets",
            Get("DAPR_API_TOKEN"),
            Get("APP_API_TOKEN"),
            Get("NAMESPACE"),
            Get("POD_NAME"),
            Get("SIDECAR_CONCURRENT") is "1" or "true",
            Get("SIDECAR_FALSE_ACKNOWLEDGEMENTS") is { } seed ? int.Parse(seed, CultureInfo.InvariantCulture) : null
        );
    }
}
