using System.Security.Cryptography.X509Certificates;
using StackExchange.Redis;

namespace Darq.Engine.Redis;

/// <summary>TLS towards Redis: whom the user trusts unless that is switched off, and a client certificate if there is one.</summary>
internal static class TlsValidation
{
    public static void Apply(ConfigurationOptions configuration, RedisOptions options)
    {
        // Few authorities of a company publish whom they revoked, and a pod seldom may ask: a certificate would be refused for that alone.
        configuration.CheckCertificateRevocation = false;
        // Sentinels and the primaries that they name have certificates for their own names.
        if (options.Sentinel is null)
        {
            configuration.SslHost = options.Host;
        }

        var server = new ServerCertificate(options.Authorities);
        configuration.CertificateValidation += (_, shown, chain, errors) =>
            options.SkipTlsVerification || server.Check(shown, chain, errors);
        if (options.ClientCertificate is null || options.ClientKey is null)
        {
            return;
        }

        var certificate = X509Certificate2.CreateFromPem(options.ClientCertificate, options.ClientKey);
        configuration.CertificateSelection += (_, _, _, _, _) => certificate;
    }
}
