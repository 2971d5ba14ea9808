using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Redis;

/// <summary>TLS with a real Redis that asks for a client certificate. Its own certificate is nobody's that the machine trusts.</summary>
public sealed class TlsTests : IAsyncLifetime, IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly int _port = FreePort.Next();
    private RedisServer _redis = null!;
    private (string Certificate, string Key) _identity;

    public async ValueTask InitializeAsync()
    {
        _identity = SelfSigned();
        var (certificate, key) = (_folder.Write("redis.crt", _identity.Certificate), _folder.Write("redis.key", _identity.Key));
        _redis = await RedisServer.StartAsync(
            new Darq.Tests.Shared.RedisOptions
            {
                ExtraLines =
                [
                    $"tls-port {_port}",
                    "tls-auth-clients yes",
                    $"tls-cert-file {certificate}",
                    $"tls-key-file {key}",
                    $"tls-ca-cert-file {certificate}",
                ],
            }
        );
    }

    public async ValueTask DisposeAsync() => await _redis.DisposeAsync();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_client_certificate_lets_the_component_in()
    {
        await using var client = Client(Options() with { ClientCertificate = _identity.Certificate, ClientKey = _identity.Key });

        Assert.Equal("master", (await client.DescribeAsync(default)).Role);
    }

    [Fact]
    public async Task Without_its_certificate_a_client_stays_out()
    {
        await using var client = Client(Options());

        await Assert.ThrowsAsync<RedisUnavailableException>(() => client.DescribeAsync(default));
    }

    [Fact]
    public async Task A_server_that_nobody_vouches_for_is_not_trusted()
    {
        var strict = Options() with { ClientCertificate = _identity.Certificate, ClientKey = _identity.Key, SkipTlsVerification = false };
        await using var client = Client(strict);

        await Assert.ThrowsAsync<RedisUnavailableException>(() => client.DescribeAsync(default));
    }

    private static RedisClient Client(Darq.Engine.Redis.RedisOptions options) => new(options, TimeProvider.System);

    private Darq.Engine.Redis.RedisOptions Options() =>
        new()
        {
            Host = "127.0.0.1",
            Port = _port,
            EnableTls = true,
            SkipTlsVerification = true,
            DialTimeout = TimeSpan.FromSeconds(2),
        };

    private static (string Certificate, string Key) SelfSigned()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=darq", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }
}
