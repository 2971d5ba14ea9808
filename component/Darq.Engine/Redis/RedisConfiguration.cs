using System.Net;
using System.Security.Authentication;
using StackExchange.Redis;

namespace Darq.Engine.Redis;

/// <summary>The client's options, and why they are not as the client would have them.</summary>
internal static class RedisConfiguration
{
    // FCALL has the form of EVAL, which the client knows. A command that it does not know may have changed the database, so
    // that it would send a SELECT before the next one, with every call.
    public const string Call = "EVAL";
    public const string ReadOnlyCall = "EVAL_RO";

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
        // What cannot be sent now fails now: the callers know what is safe to repeat, and when.
        configuration.BacklogPolicy = BacklogPolicy.FailFast;
        return configuration;
    }

    /// <summary>The connections to those who name the primary.</summary>
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
            // The functions' replies have no types that only RESP3 knows, and it was measured no faster.
            Protocol = RedisProtocol.Resp2,
            AbortOnConnectFail = false,
            ConnectTimeout = (int)options.DialTimeout.TotalMilliseconds,
            ConnectRetry = 1,
            ReconnectRetryPolicy = new LinearRetry(100),
            KeepAlive = 10,
            // Our own deadline comes first, and says that the outcome is unknown.
            AsyncTimeout = 2 * (int)options.CallTimeout.TotalMilliseconds,
            IncludeDetailInExceptions = false,
            // None is needed with one primary, and each would be a command more to permit.
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
        var commands = new Dictionary<string, string?>
        {
            [Call] = "FCALL",
            [ReadOnlyCall] = "FCALL_RO",
            // What the client would ask a server with these when it connects, nothing here depends on.
            ["CONFIG"] = null,
            ["CLUSTER"] = null,
            ["SENTINEL"] = null,
        };
        // A connection begins there, so that nothing has to be selected after a transaction either.
        if (options.Database == 0)
        {
            commands["SELECT"] = null;
        }

        return commands;
    }
}
