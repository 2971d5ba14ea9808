namespace Darq.Tests.Shared;

/// <summary>What a test decides about a sidecar; everything else gets a free port or a temp folder.</summary>
internal sealed record SidecarOptions
{
    /// <summary>Stands for the port of the sidecar's HTTP API in its resources.</summary>
    public const string HttpPort = "{httpPort}";

    public required string AppId { get; init; }

    /// <summary>Where its APIs are; given where its app is started first and has to know.</summary>
    public int HttpApiPort { get; init; } = FreePort.Next();

    public int GrpcApiPort { get; init; } = FreePort.Next();

    /// <summary>The port on which the test's app listens; null for a sidecar without an app.</summary>
    public int? AppPort { get; init; }

    /// <summary>What the app speaks: http or grpc.</summary>
    public string AppProtocol { get; init; } = "http";

    /// <summary>File name to YAML: components and declarative subscriptions.</summary>
    public required IReadOnlyDictionary<string, string> Resources { get; init; }

    /// <summary>The YAML of a Dapr configuration, if one is needed.</summary>
    public string? Configuration { get; init; }

    /// <summary>The folder in which the component's socket lies.</summary>
    public string? SocketsFolder { get; init; }

    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();
}
