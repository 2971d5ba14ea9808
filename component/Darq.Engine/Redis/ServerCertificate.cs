using System.Globalization;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Darq.Engine.Redis;

/// <summary>
/// Whether the certificate that a server shows is trusted, and in words why not. The runtime would only say that it was rejected.
/// </summary>
/// <param name="authorities">PEM text of the authorities that alone are trusted; null stands for those of the system.</param>
internal sealed class ServerCertificate(string? authorities)
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const int NamesShown = 5;

    private readonly X509Certificate2Collection? _authorities = authorities is null ? null : Read(authorities);

    /// <summary>The certificates of a PEM text; none where it has no readable one.</summary>
    public static X509Certificate2Collection Read(string pem)
    {
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPem(pem);
        return certificates;
    }

    /// <summary>True where it is trusted; throws <see cref="AuthenticationException"/> with the reason where it is not.</summary>
    public bool Check(X509Certificate? shown, X509Chain? chain, SslPolicyErrors errors)
    {
        if (shown is not X509Certificate2 certificate)
        {
            throw new AuthenticationException("the server shows no certificate");
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            throw new AuthenticationException($"the server's certificate is for another host: it names {NamesOf(certificate)}");
        }

        if (_authorities is { } trusted)
        {
            using var own = ChainTo(trusted, chain);
            Demand(own.Build(certificate), certificate, own, "is of no authority in caCert");
        }
        else
        {
            Demand(errors == SslPolicyErrors.None, certificate, chain, "is of no authority that this machine trusts; give it as caCert");
        }

        return true;
    }

    private static void Demand(bool isTrusted, X509Certificate2 certificate, X509Chain? chain, string otherwise)
    {
        if (isTrusted)
        {
            return;
        }

        var faults = chain?.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status);
        throw new AuthenticationException(
            faults == X509ChainStatusFlags.NotTimeValid
                ? $"the server's certificate, or its authority's, is out of date: it is valid {TimeOf(certificate)}"
                : $"the server's certificate {otherwise}"
        );
    }

    /// <summary>A chain that ends at one of the trusted ones, by way of those that the server has sent along.</summary>
    private static X509Chain ChainTo(X509Certificate2Collection trusted, X509Chain? sent)
    {
        var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(trusted);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new(ServerAuthentication));
        foreach (var element in sent?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
        {
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        }

        return chain;
    }

    private static string NamesOf(X509Certificate2 certificate)
    {
        var alternatives = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().ToArray();
        string[] names =
        [
            .. alternatives.SelectMany(names => names.EnumerateDnsNames()),
            .. alternatives.SelectMany(names => names.EnumerateIPAddresses()).Select(address => address.ToString()),
        ];
        return names.Length == 0 ? "none"
            : names.Length <= NamesShown ? string.Join(", ", names)
            : $"{string.Join(", ", names.Take(NamesShown))} and {names.Length - NamesShown} more";
    }

    private static string TimeOf(X509Certificate2 certificate) => $"from {Text(certificate.NotBefore)} to {Text(certificate.NotAfter)}";

    private static string Text(DateTime time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);
}
