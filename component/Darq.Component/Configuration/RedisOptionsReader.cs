using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Darq.Engine.Redis;

namespace Darq.Component.Configuration;

/// <summary>Address and credentials of Redis, from the settings of <see cref="ConnectionSettings"/>.</summary>
internal static class RedisOptionsReader
{
    public static RedisOptions Read(SettingValues values)
    {
        var addresses = Addresses(values);
        var (certificate, key) = (Given(values, ConnectionSettings.ClientCert), Given(values, ConnectionSettings.ClientKey));
        CheckCertificate(values, certificate, key);
        CheckAuthorities(values);
        return new RedisOptions
        {
            Host = addresses[0].Host,
            Port = addresses[0].Port,
            Sentinel = Sentinel(values, addresses),
            Database = (int)values.Get(ConnectionSettings.RedisDb),
            Username = Given(values, ConnectionSettings.RedisUsername),
            Password = Given(values, ConnectionSettings.RedisPassword),
            EnableTls = values.Get(ConnectionSettings.EnableTls),
            SkipTlsVerification = values.Get(ConnectionSettings.InsecureSkipTlsVerify),
            Authorities = Given(values, ConnectionSettings.CaCert),
            ClientCertificate = certificate,
            ClientKey = key,
            DialTimeout = values.Get(ConnectionSettings.DialTimeout),
        };
    }

    private static SentinelOptions? Sentinel(SettingValues values, IReadOnlyList<(string Host, int Port)> addresses)
    {
        var master = Given(values, ConnectionSettings.SentinelMasterName);
        if (!values.Get(ConnectionSettings.Failover))
        {
            Setting<string>[] sentinels =
            [
                ConnectionSettings.SentinelMasterName,
                ConnectionSettings.SentinelUsername,
                ConnectionSettings.SentinelPassword,
            ];
            foreach (var name in sentinels.Where(values.Has).Select(setting => setting.Name))
            {
                values.Add(
                    $"{name} is given but failover is not true; "
                        + $"give failover: \"true\" and the sentinels' addresses in redisHost, or leave {name} out"
                );
            }

            return null;
        }

        if (master is null)
        {
            values.Add("failover is true but sentinelMasterName is missing; give the name under which the sentinels monitor the primary");
        }
        // An IPv6 address stands in brackets where a port follows.
        var texts = addresses.Select(one =>
            (one.Host.Contains(':', StringComparison.Ordinal) ? $"[{one.Host}]" : one.Host) + $":{one.Port}"
        );
        return new SentinelOptions(string.Join(',', texts), master ?? "")
        {
            Username = Given(values, ConnectionSettings.SentinelUsername),
            Password = Given(values, ConnectionSettings.SentinelPassword),
        };
    }

    /// <summary>At least one address, also where the settings are wrong.</summary>
    private static List<(string Host, int Port)> Addresses(SettingValues values)
    {
        var (text, port) = (values.Get(ConnectionSettings.RedisHost), (int)values.Get(ConnectionSettings.RedisPort));
        if (text.Length == 0)
        {
            if (!values.IsGiven(ConnectionSettings.RedisHost))
            {
                values.Add("redisHost is missing; give host or host:port");
            }

            return [("", port)];
        }

        if (!text.Contains(',', StringComparison.Ordinal))
        {
            return [Address(values, text, port)];
        }

        if (values.Get(ConnectionSettings.Failover))
        {
            return [.. text.Split(',', StringSplitOptions.TrimEntries).Select(one => Address(values, one, port))];
        }

        values.Add(
            $"redisHost: {SettingValues.Show(text)} names several hosts, which only sentinels may have; "
                + "give failover: \"true\" and sentinelMasterName, or one host or host:port (Redis Cluster is not yet available)"
        );
        return [("", port)];
    }

    private static (string Host, int Port) Address(SettingValues values, string text, int port)
    {
        if (!HostAddress.TryRead(text, out var host, out var inHost))
        {
            values.Add($"redisHost: {SettingValues.Show(text)} is not accepted; give {ConnectionSettings.RedisHost.Form}");
        }
        else if (inHost is not null && values.Has(ConnectionSettings.RedisPort) && inHost != port)
        {
            values.Add($"redisPort: \"{port}\" contradicts redisHost {SettingValues.Show(text)}; give the port once");
        }

        return (host, inHost ?? port);
    }

    private static void CheckCertificate(SettingValues values, string? certificate, string? key)
    {
        if (values.IsGiven(ConnectionSettings.ClientCert) != values.IsGiven(ConnectionSettings.ClientKey))
        {
            values.Add(
                certificate is null
                    ? "clientKey is given without clientCert; give both"
                    : "clientCert is given without clientKey; give both"
            );
        }

        if (certificate is null || key is null)
        {
            return;
        }

        if (!values.Get(ConnectionSettings.EnableTls))
        {
            values.Add("clientCert is given but enableTLS is not true; give enableTLS: \"true\" or leave clientCert and clientKey out");
        }

        try
        {
            using var pair = X509Certificate2.CreateFromPem(certificate, key);
        }
        catch (Exception fault) when (fault is CryptographicException or ArgumentException)
        {
            values.Add("clientCert and clientKey are not a certificate and its own key; give PEM text of both");
        }
    }

    private static void CheckAuthorities(SettingValues values)
    {
        if (Given(values, ConnectionSettings.CaCert) is not { } authorities)
        {
            return;
        }

        if (!values.Get(ConnectionSettings.EnableTls))
        {
            values.Add("caCert is given but enableTLS is not true; give enableTLS: \"true\" or leave caCert out");
        }

        if (values.Get(ConnectionSettings.InsecureSkipTlsVerify))
        {
            values.Add("caCert is given but insecureSkipTLSVerify is true, which trusts any certificate; give one of the two");
        }

        if (!HasCertificates(authorities))
        {
            values.Add("caCert has no readable certificate; give PEM text of one or more, each from -----BEGIN CERTIFICATE----- on");
        }
    }

    private static bool HasCertificates(string pem)
    {
        try
        {
            return ServerCertificate.Read(pem).Count > 0;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private static string? Given(SettingValues values, Setting<string> setting) => values.Has(setting) ? values.Get(setting) : null;
}
