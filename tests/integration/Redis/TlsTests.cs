using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Redis;

/// <summary>TLS with a real Redis of a private authority, which asks for a client certificate.</summary>
public sealed class TlsTests : IAsyncLifetime, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly TempFolder _folder = new();
    private readonly PrivateAuthority _authority = new();
    private readonly int _port = FreePort.Next();
    private RedisServer _redis = null!;

    public async ValueTask InitializeAsync() => _redis = await StartAsync(["127.0.0.1"]);

    public async ValueTask DisposeAsync() => await _redis.DisposeAsync();

    public void Dispose()
    {
        _folder.Dispose();
        _authority.Dispose();
    }

    [Fact]
    public async Task A_client_with_a_certificate_that_trusts_the_authority_is_let_in()
    {
        await using var client = Client(Trusting());

        Assert.Equal("master", (await client.DescribeAsync(default)).Role);
    }

    [Fact]
    public async Task Any_server_is_trusted_where_that_is_asked_for()
    {
        await using var client = Client(Trusting() with { Authorities = null, SkipTlsVerification = true });

        Assert.Equal("master", (await client.DescribeAsync(default)).Role);
    }

    [Fact]
    public async Task Without_its_certificate_a_client_stays_out()
    {
        await using var client = Client(Trusting() with { ClientCertificate = null, ClientKey = null });

        await Assert.ThrowsAsync<RedisUnavailableException>(() => client.DescribeAsync(default));
    }

    [Fact]
    public Task A_server_of_an_authority_that_the_machine_does_not_know_is_refused() =>
        RefusedAsync(
            Trusting() with
            {
                Authorities = null,
            },
            "TLS handshake failed: the server's certificate is of no authority that this machine trusts; give it as caCert"
        );

    [Fact]
    public async Task A_server_of_another_authority_is_refused()
    {
        using var other = new PrivateAuthority();
        await RefusedAsync(
            Trusting() with
            {
                Authorities = other.Certificate,
            },
            "TLS handshake failed: the server's certificate is of no authority in caCert"
        );
    }

    [Fact]
    public Task A_server_whose_certificate_names_another_host_is_refused() =>
        RefusedAsync(
            Trusting() with
            {
                Host = "localhost",
            },
            "TLS handshake failed: the server's certificate is for another host: it names 127.0.0.1"
        );

    [Fact]
    public async Task A_server_whose_certificate_is_out_of_date_is_refused()
    {
        await _redis.DisposeAsync();
        _redis = await StartAsync(["127.0.0.1"], isOutOfDate: true);

        await RefusedAsync(Trusting(), "TLS handshake failed: the server's certificate, or its authority's, is out of date: it is valid");
    }

    [Fact]
    public Task A_server_without_tls_is_named_as_such() => RefusedAsync(Trusting() with { Port = _redis.Port }, "TLS handshake failed");

    /// <summary>Readiness and the log say it in these words; the error of one call may come before they are known.</summary>
    private static async Task RefusedAsync(Darq.Engine.Redis.RedisOptions options, string why)
    {
        await using var client = Client(options);

        await Assert.ThrowsAsync<RedisUnavailableException>(() => client.DescribeAsync(default));

        await Eventually.TrueAsync(() => client.WhyAway is not null, Patience, "the client has heard why");
        Assert.StartsWith(why, client.WhyAway, StringComparison.Ordinal);
    }

    private static RedisClient Client(Darq.Engine.Redis.RedisOptions options) => new(options, TimeProvider.System);

    private Task<RedisServer> StartAsync(string[] hosts, bool isOutOfDate = false)
    {
        var (certificate, key) = _authority.Issue(hosts, isOutOfDate);
        return RedisServer.StartAsync(
            new Darq.Tests.Shared.RedisOptions
            {
                ExtraLines =
                [
                    $"tls-port {_port}",
                    "tls-auth-clients yes",
                    $"tls-cert-file {_folder.Write("redis.crt", certificate)}",
                    $"tls-key-file {_folder.Write("redis.key", key)}",
                    $"tls-ca-cert-file {_folder.Write("authority.crt", _authority.Certificate)}",
                ],
            }
        );
    }

    private Darq.Engine.Redis.RedisOptions Trusting()
    {
        var (certificate, key) = _authority.Issue(["app"]);
        return new()
        {
            Host = "127.0.0.1",
            Port = _port,
            EnableTls = true,
            Authorities = _authority.Certificate,
            ClientCertificate = certificate,
            ClientKey = key,
            DialTimeout = TimeSpan.FromSeconds(2),
        };
    }
}
