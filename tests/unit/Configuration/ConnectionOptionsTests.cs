using Darq.Component.Configuration;
using Darq.Engine.Redis;
using Xunit;
using static Darq.Tests.Unit.Configuration.InitOptions;

namespace Darq.Tests.Unit.Configuration;

/// <summary>Where Redis is and how to get in.</summary>
public sealed class ConnectionOptionsTests
{
    private const string Certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBfzCCASagAwIBAgIUFpHgVGkWJXQ=
        -----END CERTIFICATE-----
        """;

    [Fact]
    public void A_missing_redisHost_is_said() =>
        Refused(ComponentService.StateStore, "redisHost is missing; give host or host:port", ("redisHost", ""));

    [Theory]
    [InlineData("redis", "redis", 6379)]
    [InlineData("redis:7000", "redis", 7000)]
    [InlineData("10.0.0.7:7000", "10.0.0.7", 7000)]
    [InlineData("[::1]:7000", "::1", 7000)]
    [InlineData("::1", "::1", 6379)]
    [InlineData(" redis:7000 ", "redis", 7000)]
    public void The_port_may_stand_in_redisHost(string text, string host, int port)
    {
        var redis = Accepted(ComponentService.StateStore, ("redisHost", text)).Redis;
        Assert.Equal((host, port), (redis.Host, redis.Port));
    }

    [Fact]
    public void The_port_may_stand_in_redisPort() =>
        Assert.Equal(7000, Accepted(ComponentService.StateStore, ("redisPort", "7000")).Redis.Port);

    [Fact]
    public void The_same_port_in_both_places_is_no_contradiction() =>
        Assert.Equal(7000, Accepted(ComponentService.StateStore, ("redisHost", "redis:7000"), ("redisPort", "7000")).Redis.Port);

    [Fact]
    public void Two_different_ports_contradict() =>
        Refused(
            ComponentService.StateStore,
            "redisPort: \"7001\" contradicts redisHost \"redis:7000\"; give the port once",
            ("redisHost", "redis:7000"),
            ("redisPort", "7001")
        );

    [Theory]
    [InlineData("redis:port")]
    [InlineData("redis:0")]
    [InlineData("redis:70000")]
    [InlineData("redis://redis:6379")]
    [InlineData(":6379")]
    public void A_redisHost_that_is_no_address_is_refused(string text) =>
        Refused(ComponentService.StateStore, $"redisHost: \"{text}\" is not accepted; give host or host:port", ("redisHost", text));

    [Fact]
    public void Several_hosts_are_refused_where_no_sentinels_are_asked() =>
        Refused(
            ComponentService.PubSub,
            "redisHost: \"a:1,b:2\" names several hosts, which only sentinels may have; give failover: \"true\" and sentinelMasterName",
            ("redisHost", "a:1,b:2")
        );

    [Fact]
    public void Any_user_may_be_named() => Assert.Equal("app", Accepted(ComponentService.PubSub, ("redisUsername", "app")).Redis.Username);

    [Fact]
    public void Sentinels_are_named_as_the_built_in_component_names_them()
    {
        var redis = Accepted(
            ComponentService.PubSub,
            ("redisHost", "s1:26379, s2:26380,[::1]:26381,s4"),
            ("failover", "true"),
            ("sentinelMasterName", "orders"),
            ("sentinelUsername", "watcher"),
            ("sentinelPassword", "hunter2"),
            ("redisPassword", "hunter3")
        ).Redis;
        var addresses = "s1:26379,s2:26380,[::1]:26381,s4:6379";
        Assert.Equal(new SentinelOptions(addresses, "orders") { Username = "watcher", Password = "hunter2" }, redis.Sentinel);
        Assert.Equal((null, "hunter3"), (redis.Username, redis.Password));
    }

    [Fact]
    public void One_sentinel_is_enough()
    {
        var options = Accepted(ComponentService.PubSub, ("redisHost", "redis:26379"), ("failover", "true"), ("sentinelMasterName", "x"));
        Assert.Equal("redis:26379", options.Redis.Sentinel?.Addresses);
    }

    [Fact]
    public void Failover_without_the_name_of_the_master_is_refused() =>
        Refused(
            ComponentService.PubSub,
            "failover is true but sentinelMasterName is missing; give the name under which the sentinels monitor the primary",
            ("failover", "true")
        );

    [Theory]
    [InlineData("sentinelMasterName")]
    [InlineData("sentinelUsername")]
    [InlineData("sentinelPassword")]
    public void What_concerns_sentinels_is_refused_without_failover(string key) =>
        Refused(
            ComponentService.PubSub,
            $"{key} is given but failover is not true; "
                + $"give failover: \"true\" and the sentinels' addresses in redisHost, or leave {key} out",
            (key, "x")
        );

    [Fact]
    public void Every_address_of_a_list_is_checked() =>
        Refused(
            ComponentService.PubSub,
            "redisHost: \"b:0\" is not accepted; give host or host:port",
            ("redisHost", "a:1,b:0"),
            ("failover", "true"),
            ("sentinelMasterName", "orders")
        );

    [Fact]
    public void A_password_is_taken_letter_by_letter() =>
        Assert.Equal(" p w ", Accepted(ComponentService.PubSub, ("redisPassword", " p w ")).Redis.Password);

    [Fact]
    public void An_empty_value_counts_as_not_given()
    {
        var options = Accepted(ComponentService.PubSub, ("redisPassword", ""), ("partitions", ""), ("failover", ""));
        Assert.Null(options.Redis.Password);
        Assert.Equal(64, options.Namespace.Partitions);
    }

    [Fact]
    public void A_bad_secret_is_never_shown()
    {
        var error = Assert.Single(Read(ComponentService.PubSub, ("redisPassword", "hunter2\n")).Errors);
        Assert.StartsWith("redisPassword: a value that is not shown has control characters", error, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("one")]
    [InlineData("1.5")]
    public void A_redisDB_that_is_no_number_is_refused(string text) =>
        Refused(ComponentService.StateStore, $"redisDB: \"{text}\" is not accepted; give a whole number", ("redisDB", text));

    [Theory]
    [InlineData("true", true)]
    [InlineData("True", true)]
    [InlineData("yes", true)]
    [InlineData("1", true)]
    [InlineData("false", false)]
    [InlineData("off", false)]
    public void A_flag_takes_the_words_that_the_sidecar_takes(string text, bool value) =>
        Assert.Equal(value, Accepted(ComponentService.StateStore, ("enableTLS", text)).Redis.EnableTls);

    [Fact]
    public void A_flag_that_is_neither_is_refused() =>
        Refused(ComponentService.StateStore, "enableTLS: \"maybe\" is not accepted; give true or false", ("enableTLS", "maybe"));

    [Fact]
    public void A_client_certificate_needs_its_key() =>
        Refused(
            ComponentService.StateStore,
            "clientCert is given without clientKey; give both",
            ("enableTLS", "true"),
            ("clientCert", Certificate)
        );

    [Fact]
    public void A_client_key_needs_its_certificate() =>
        Refused(
            ComponentService.StateStore,
            "clientKey is given without clientCert; give both",
            ("enableTLS", "true"),
            ("clientKey", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")
        );

    [Fact]
    public void A_client_certificate_that_is_no_PEM_is_refused_and_not_shown_as_key()
    {
        var errors = Read(ComponentService.StateStore, ("enableTLS", "true"), ("clientCert", "cert.pem"), ("clientKey", "key.pem")).Errors;
        Assert.Contains("clientCert: \"cert.pem\" is not accepted; give PEM text that begins with -----BEGIN", errors);
        Assert.Contains("clientKey: a value that is not shown is not accepted; give PEM text that begins with -----BEGIN", errors);
    }

    [Fact]
    public void A_client_certificate_and_key_that_do_not_parse_are_refused() =>
        Refused(
            ComponentService.StateStore,
            "clientCert and clientKey are not a certificate and its own key; give PEM text of both",
            ("enableTLS", "true"),
            ("clientCert", Certificate),
            ("clientKey", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")
        );

    [Fact]
    public void Authorities_that_are_no_certificates_are_refused() =>
        Refused(
            ComponentService.StateStore,
            "caCert has no readable certificate; give PEM text of one or more, each from -----BEGIN CERTIFICATE----- on",
            ("enableTLS", "true"),
            ("caCert", Certificate)
        );

    [Fact]
    public void Authorities_without_TLS_are_refused() =>
        Refused(
            ComponentService.StateStore,
            "caCert is given but enableTLS is not true; give enableTLS: \"true\" or leave caCert out",
            ("caCert", Certificate)
        );

    [Fact]
    public void Authorities_are_refused_where_any_certificate_is_trusted() =>
        Refused(
            ComponentService.StateStore,
            "caCert is given but insecureSkipTLSVerify is true, which trusts any certificate; give one of the two",
            ("enableTLS", "true"),
            ("insecureSkipTLSVerify", "true"),
            ("caCert", Certificate)
        );

    [Fact]
    public void A_client_certificate_without_TLS_is_refused()
    {
        using var key = System.Security.Cryptography.ECDsa.Create();
        var request = new System.Security.Cryptography.X509Certificates.CertificateRequest(
            "CN=app",
            key,
            System.Security.Cryptography.HashAlgorithmName.SHA256
        );
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        (string, string)[] pair = [("clientCert", certificate.ExportCertificatePem()), ("clientKey", key.ExportPkcs8PrivateKeyPem())];

        Refused(ComponentService.StateStore, "clientCert is given but enableTLS is not true", pair);
        Assert.NotNull(Accepted(ComponentService.StateStore, [("enableTLS", "true"), .. pair]).Redis.ClientKey);
    }
}
