using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using StackExchange.Redis;

namespace Darq.Engine.Redis;

/// <summary>TLS towards Redis: the system's trust unless the user switched it off, and a client certificate if there is one.</summary>
internal static class TlsValidation
{
    public static void Apply(ConfigurationOptions configuration, RedisOptions options)
    {
        // Sentinels and the primaries that they name have certificates for their own names.
        if (options.Sentinel is null)
        {
            configuration.SslHost = options.Host;
        }

        configuration.CertificateValidation += (_, _, _, errors) => errors == SslPolicyErrors.None || options.SkipTlsVerification;
        if (options.ClientCertificate is null || options.ClientKey is null)
        {
            return;
        }

        var certificate = X509Certificate2.CreateFromPem(options.ClientCertificate, options.ClientKey);
        configuration.CertificateSelection += (_, _, _, _, _) => certificate;
    }
}
