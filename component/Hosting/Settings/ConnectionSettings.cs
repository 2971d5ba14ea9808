using static Darq.Hosting.Settings.SettingForms;

namespace Darq.Hosting.Settings;

/// <summary>Where Redis is and how to get in: the names of the built-in Redis components, so that their files work as they are.</summary>
internal static class ConnectionSettings
{
    public static readonly Setting<string> RedisHost = Text("redisHost", "host or host:port", "Where Redis listens. Needed.");
    public static readonly Setting<long> RedisPort = Number("redisPort", 1, 65_535, 6379, "The port, where redisHost does not name it.");
    public static readonly Setting<string> RedisUsername = Text(
        "redisUsername",
        "nothing: leave it out, and give the rights to the default user. The Redis client of this build cannot send a user name",
        "The ACL user. Only \"default\" so far.",
        static text => text == "default");
    public static readonly Setting<string> RedisPassword = Secret("redisPassword", "The password of the default user.");
    public static readonly Setting<long> RedisDb = Number("redisDB", 0, int.MaxValue, 0, "The number of the database.");
    public static readonly Setting<bool> EnableTls = Flag("enableTLS", "Whether to speak TLS with Redis.");
    public static readonly Setting<bool> InsecureSkipTlsVerify = Flag("insecureSkipTLSVerify", "Whether to accept any certificate. For tests only.");
    public static readonly Setting<string> ClientCert = Pem("clientCert", secret: false, "The client certificate for mutual TLS.");
    public static readonly Setting<string> ClientKey = Pem("clientKey", secret: true, "The key of the client certificate.");
    public static readonly Setting<TimeSpan> DialTimeout = Duration(
        "dialTimeout", TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(5), "How long connecting may take.");

    public static readonly IReadOnlyList<Setting> All =
    [
        RedisHost, RedisPort, RedisUsername, RedisPassword, RedisDb, EnableTls, InsecureSkipTlsVerify, ClientCert, ClientKey,
        DialTimeout,
        Later("redisType", "Redis Cluster comes later.", "node"),
        Later("failover", "Sentinel comes later.", "false"),
        Later("sentinelMasterName", "Sentinel comes later."),
        Later("useEntraID", "Azure Entra ID comes later.", "false"),
        Later("useAzureAD", "The older name of useEntraID.", "false"),
        Ignored("sentinelUsername"), Passing("sentinelPassword", SettingRole.WithoutEffect, "Sentinel comes later.", secret: true),
        Ignored("readTimeout"), Ignored("writeTimeout"), Ignored("poolSize"), Ignored("poolTimeout"), Ignored("maxConnAge"),
        Ignored("minIdleConns"), Ignored("idleTimeout"), Ignored("idleCheckFrequency"), Ignored("redisMaxRetries"),
        Ignored("redisMinRetryInterval"), Ignored("redisMaxRetryInterval"), Ignored("maxRetries"), Ignored("maxRetryBackoff"),
    ];

    private static Setting<string> Ignored(string name) =>
        Passing(name, SettingRole.WithoutEffect, "Concerns the built-in component's connection pool; this component has its own rules.");

    private static Setting<string> Pem(string name, bool secret, string description) =>
        new(name, "PEM text that begins with -----BEGIN", "", description, (string text, out string value) =>
            (value = text).TrimStart().StartsWith("-----BEGIN ", StringComparison.Ordinal) ? null : Wrong)
        {
            Default = "", Secret = secret, MultiLine = true,
        };
}
