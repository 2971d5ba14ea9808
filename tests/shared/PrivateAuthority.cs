using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Darq.Tests.Shared;

/// <summary>An authority of the test's own, whose certificates nobody trusts who was not given its own.</summary>
internal sealed class PrivateAuthority : IDisposable
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(1);

    private readonly RSA _key = RSA.Create(2048);
    private readonly X509Certificate2 _certificate;

    public PrivateAuthority()
    {
        var request = Request("a private authority", _key);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _certificate = request.CreateSelfSigned(Today - Lifetime, Today + 2 * Lifetime);
    }

    /// <summary>The text that trusts it.</summary>
    public string Certificate => _certificate.ExportCertificatePem();

    private static DateTimeOffset Today { get; } = TimeProvider.System.GetUtcNow();

    /// <summary>A certificate for these hosts, names or addresses, and its key, as PEM texts; valid for a day, or no longer.</summary>
    public (string Certificate, string Key) Issue(string[] hosts, bool isOutOfDate = false)
    {
        using var key = RSA.Create(2048);
        var request = Request("a server", key);
        var names = new SubjectAlternativeNameBuilder();
        foreach (var host in hosts)
        {
            if (IPAddress.TryParse(host, out var address))
            {
                names.AddIpAddress(address);
            }
            else
            {
                names.AddDnsName(host);
            }
        }

        request.CertificateExtensions.Add(names.Build());
        var end = isOutOfDate ? Today - Lifetime / 2 : Today + Lifetime;
        using var certificate = request.Create(_certificate, Today - Lifetime, end, RandomNumberGenerator.GetBytes(8));
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    public void Dispose()
    {
        _certificate.Dispose();
        _key.Dispose();
    }

    private static CertificateRequest Request(string name, RSA key) =>
        new($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
}
