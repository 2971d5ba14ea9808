namespace Darq.Redis;

/// <summary>Where Redis is and how to get in. Two instances with equal options share one connection.</summary>
internal sealed record RedisOptions
{
    public required string Host { get; init; }

    public int Port { get; init; } = 6379;

    public int Database { get; init; }

    public string? Username { get; init; }

    public string? Password { get; init; }

    public bool EnableTls { get; init; }

    public bool SkipTlsVerification { get; init; }

    /// <summary>PEM text of the client certificate and its key, for mutual TLS.</summary>
    public string? ClientCertificate { get; init; }

    public string? ClientKey { get; init; }

    public TimeSpan DialTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long one call may take before its outcome counts as unknown.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(2);
}
