using static Darq.Component.Configuration.SettingForms;

namespace Darq.Component.Configuration;

/// <summary>Address and credentials of Redis, under the built-in Redis components' names, so that their files work unchanged.</summary>
internal static class ConnectionSettings
{
    public static readonly Setting<string> RedisHost = Text(
        "redisHost",
        "host or host:port",
        "The address of Redis; with failover those of the sentinels, separated by commas. Required."
    );
    public static readonly Setting<long> RedisPort = Number("redisPort", 1, 65_535, 6379, "The port, where redisHost does not name it.");
    public static readonly Setting<string> RedisUsername = Text(
        "redisUsername",
        "an ACL user's name",
        "The ACL user; \"default\" where nothing is given."
    );
    public static readonly Setting<string> RedisPassword = Secret("redisPassword", "The password of the user.");
    public static readonly Setting<long> RedisDb = Number("redisDB", 0, int.MaxValue, 0, "The number of the database.");
    public static readonly Setting<bool> EnableTls = Flag("enableTLS", "Whether to speak TLS with Redis.");
    public static readonly Setting<bool> InsecureSkipTlsVerify = Flag(
        "insecureSkipTLSVerify",
        "Whether to accept any certificate. For tests only."
    );
    public static readonly Setting<string> CaCert = Pem(
        "caCert",
        secret: false,
        "The certificates of the authorities that alone may vouch for Redis and the sentinels. Default: those that the system trusts."
    );
    public static readonly Setting<string> ClientCert = Pem("clientCert", secret: false, "The client certificate for mutual TLS.");
    public static readonly Setting<string> ClientKey = Pem("clientKey", secret: true, "The key of the client certificate.");
    public static readonly Setting<TimeSpan> DialTimeout = Duration(
        "dialTimeout",
        TimeSpan.FromMilliseconds(100),
        TimeSpan.FromMinutes(1),
        TimeSpan.FromSeconds(5),
        "How long connecting may take."
    );
    public static readonly Setting<bool> Failover = Flag(
        "failover",
        "Whether sentinels name the primary: redisHost is then their addresses."
    );
    public static readonly Setting<string> SentinelMasterName = Text(
        "sentinelMasterName",
        "the name that the sentinels monitor",
        "The sentinels' name for the primary."
    );
    public static readonly Setting<string> SentinelUsername = Text(
        "sentinelUsername",
        "an ACL user's name",
        "The ACL user at the sentinels; \"default\" where nothing is given."
    );
    public static readonly Setting<string> SentinelPassword = Secret("sentinelPassword", "The password at the sentinels.");

    public static readonly IReadOnlyList<Setting> All =
    [
        RedisHost,
        RedisPort,
        RedisUsername,
        RedisPassword,
        RedisDb,
        EnableTls,
        InsecureSkipTlsVerify,
        CaCert,
        ClientCert,
        ClientKey,
        DialTimeout,
        Failover,
        SentinelMasterName,
        SentinelUsername,
        SentinelPassword,
        Later("redisType", "Redis Cluster comes later.", "node"),
        Later("useEntraID", "Azure Entra ID comes later.", "false"),
        Later("useAzureAD", "The older name of useEntraID.", "false"),
        Ignored("readTimeout"),
        Ignored("writeTimeout"),
        Ignored("poolSize"),
        Ignored("poolTimeout"),
        Ignored("maxConnAge"),
        Ignored("minIdleConns"),
        Ignored("idleTimeout"),
        Ignored("idleCheckFrequency"),
        Ignored("redisMaxRetries"),
        Ignored("redisMinRetryInterval"),
        Ignored("redisMaxRetryInterval"),
        Ignored("maxRetries"),
        Ignored("maxRetryBackoff"),
    ];

    private static Setting<string> Ignored(string name) =>
        Accepted(name, SettingRole.WithoutEffect, "Concerns the built-in component's connection pool, which this component does not have.");

    private static Setting<string> Pem(string name, bool secret, string description) =>
        new(
            name,
            "PEM text that begins with -----BEGIN",
            "",
            description,
            (string text, out string value) => (value = text).TrimStart().StartsWith("-----BEGIN ", StringComparison.Ordinal) ? null : Wrong
        )
        {
            Default = "",
            Secret = secret,
            MultiLine = true,
        };
}
