namespace Darq.Engine.Redis;

/// <summary>Address and credentials of Redis. Two instances with equal options share one connection.</summary>
internal sealed record RedisOptions
{
    /// <summary>The host of the primary; of the first sentinel, where sentinels name the primary.</summary>
    public required string Host { get; init; }

    public int Port { get; init; } = 6379;

    public int Database { get; init; }

    /// <summary>The ACL user; null stands for the user <c>default</c>.</summary>
    public string? Username { get; init; }

    public string? Password { get; init; }

    public bool EnableTls { get; init; }

    public bool SkipTlsVerification { get; init; }

    /// <summary>PEM text of the authorities that alone may vouch for a server; null stands for those that the system trusts.</summary>
    public string? Authorities { get; init; }

    /// <summary>PEM text of the client certificate and its key, for mutual TLS.</summary>
    public string? ClientCertificate { get; init; }

    public string? ClientKey { get; init; }

    /// <summary>The sentinels that name the primary; null where the address is that of the primary itself.</summary>
    public SentinelOptions? Sentinel { get; init; }

    /// <summary>Whether any command may be sent, as an operator's tool does; the component itself calls functions.</summary>
    public bool ForOperator { get; init; }

    public TimeSpan DialTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long one call may take before its outcome counts as unknown.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The address for messages.</summary>
    public string Address => Sentinel is null ? $"{Host}:{Port}" : $"'{Sentinel.MasterName}' (sentinels {Sentinel.Addresses})";
}

/// <summary>The sentinels, as <c>host:port</c> separated by commas, and their name for the primary.</summary>
internal sealed record SentinelOptions(string Addresses, string MasterName)
{
    public string? Username { get; init; }

    public string? Password { get; init; }
}
