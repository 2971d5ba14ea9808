using System.Net;
using System.Security.Authentication;
using StackExchange.Redis;

namespace Darq.Engine.Redis;

/// <summary>The client's options, and why they differ from its defaults.</summary>
internal static class RedisConfiguration
{
    // FCALL has the form of EVAL, which the client knows. After a command that it does not know, the client would send a SELECT, in
    // case the command changed the database.
    public const string Call = "EVAL";
    public const string ReadOnlyCall = "EVAL_RO";

    private static readonly TimeSpan LongestExtraTime = TimeSpan.FromMinutes(2);

    public static EndPoint Address(string host, int port) =>
        IPAddress.TryParse(host, out var address) ? new IPEndPoint(address, port) : new DnsEndPoint(host, port);

    /// <summary>The connection to one primary.</summary>
    public static ConfigurationOptions Of(RedisOptions options, EndPoint primary)
    {
        var configuration = Common(options);
        configuration.EndPoints.Add(primary);
        configuration.User = options.Username;
        configuration.Password = options.Password;
        configuration.DefaultDatabase = options.Database;
        configuration.CommandMap = CommandMap.Create(Commands(options));
        // Without it the client refuses INFO.
        configuration.AllowAdmin = true;
        // A command that cannot be sent fails at once: the callers know what is safe to repeat, and when.
        configuration.BacklogPolicy = BacklogPolicy.FailFast;
        return configuration;
    }

    /// <summary>The connections to the sentinels.</summary>
    public static ConfigurationOptions OfSentinels(RedisOptions options, SentinelOptions sentinel)
    {
        var configuration = Common(options);
        foreach (var address in sentinel.Addresses.Split(','))
        {
            configuration.EndPoints.Add(address);
        }

        configuration.User = sentinel.Username;
        configuration.Password = sentinel.Password;
        return configuration;
    }

    private static ConfigurationOptions Common(RedisOptions options)
    {
        var configuration = new ConfigurationOptions
        {
            // The functions' replies need no RESP3 types, and RESP3 measured no faster.
            Protocol = RedisProtocol.Resp2,
            AbortOnConnectFail = false,
            ConnectTimeout = (int)options.DialTimeout.TotalMilliseconds,
            ConnectRetry = 1,
            ReconnectRetryPolicy = new LinearRetry(100),
            KeepAlive = 10,
            // The deadline in RedisClient comes first, and reports that the outcome is unknown; large calls have a longer one.
            AsyncTimeout = (int)(2 * options.CallTimeout + LongestExtraTime).TotalMilliseconds,
            IncludeDetailInExceptions = false,
            // One primary needs none of them, and each would be one more command to permit.
            TieBreaker = "",
            ConfigurationChannel = "",
            SetClientLibrary = false,
        };
        if (options.EnableTls)
        {
            configuration.Ssl = true;
            configuration.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
            TlsValidation.Apply(configuration, options);
        }
        return configuration;
    }

    private static Dictionary<string, string?> Commands(RedisOptions options)
    {
        var commands = new Dictionary<string, string?> { ["SENTINEL"] = null };
        if (!options.ForOperator)
        {
            commands[Call] = "FCALL";
            commands[ReadOnlyCall] = "FCALL_RO";
            // The client would send these when it connects; nothing here depends on the answers.
            commands["CONFIG"] = null;
            commands["CLUSTER"] = null;
        }

        // A connection begins in database 0, so the client need not select it after a transaction.
        if (options.Database == 0)
        {
            commands["SELECT"] = null;
        }

        return commands;
    }
}
