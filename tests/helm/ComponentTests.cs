using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Darq.Component.Cli.Options;
using Darq.Component.Configuration;
using Darq.Engine.Subscriptions;
using Darq.Tests.Helm.Chart;
using Xunit;

namespace Darq.Tests.Helm;

/// <summary>
/// The rendered Components and Subscriptions are read by the component's own readers, which know all settings and their forms.
/// </summary>
public sealed class ComponentTests
{
    private static readonly Lazy<X509Certificate2> ClientCertificate = new(MakeCertificate);

    public static TheoryData<string> Values => ValuesFile.Cases;

    [Theory]
    [MemberData(nameof(Values))]
    public async Task The_component_accepts_what_is_rendered(string values)
    {
        var components = (await Rendering.OfAsync(values)).Of("Component").ToArray();

        Assert.NotEmpty(components);
        Assert.All(components, component => Assert.Empty(Init(component)));
    }

    [Fact]
    public async Task A_value_that_the_component_refuses_is_found()
    {
        var rendering = await Rendering.WithAsync("components.pubsub.pubsub.settings.processingTimeout=soon");

        Assert.Contains(
            Init(rendering.Single("Component", "pubsub")),
            error => error.StartsWith("processingTimeout: \"soon\" is not accepted", StringComparison.Ordinal)
        );
    }

    [Theory]
    [MemberData(nameof(Values))]
    public async Task Every_component_says_how_long_Init_may_take(string values) =>
        Assert.All((await Rendering.OfAsync(values)).Of("Component"), component => Assert.NotNull(component["spec"]!["initTimeout"]));

    [Fact]
    public async Task The_component_accepts_the_settings_of_a_subscription()
    {
        var rendering = await Rendering.OfAsync("production");
        var metadata = rendering.Single("Subscription", "orders")["spec"]!["metadata"]!.AsObject();

        var (options, errors, _) = OptionsReader.ReadSubscription(
            new SubscriptionOptions(),
            metadata.Select(entry => KeyValuePair.Create(entry.Key, (string)entry.Value!))
        );

        Assert.Empty(errors);
        Assert.Equal((true, 10, "orders-given-up"), (options.RequireStep, (int)options.MaxDeliveries, options.DeadLetterTopic));
    }

    [Theory]
    [MemberData(nameof(Values))]
    public async Task Doctor_has_the_options_that_helm_test_gives(string values)
    {
        var known = SettingTable
            .CommandLine.Settings.Where(setting => setting.Role == SettingRole.Effective)
            .Select(OptionNames.Of)
            .Append("--component-user")
            .ToArray();
        var doctor = Assert.Single((await Rendering.OfAsync(values)).Of("Pod"))["spec"]!["containers"]![0]!;
        var given = doctor["args"]!.AsArray().Select(argument => (string)argument!).ToArray();

        Assert.Equal("doctor", given[0]);
        Assert.Contains("--redis-host", given);
        Assert.All(given.Where(argument => argument.StartsWith("--", StringComparison.Ordinal)), option => Assert.Contains(option, known));
    }

    /// <summary>Without its name, doctor says that the operator's login, which may only look, is not fit for a component.</summary>
    [Theory]
    [InlineData("redis.username=darq", "darq")]
    [InlineData("redis.username=", "default")]
    public async Task A_doctor_with_a_login_of_its_own_asks_what_the_user_of_the_component_may_do(string login, string asked)
    {
        var rendering = await Rendering.WithAsync(login, "tests.doctor.username=reader");
        var arguments = rendering.Single("Pod", "shop-darq-doctor")["spec"]!["containers"]![0]!["args"]!.AsArray();

        var given = arguments.Select(argument => (string)argument!).ToArray();
        Assert.Equal(asked, given[Array.IndexOf(given, "--component-user") + 1]);
        Assert.Equal("reader", given[Array.IndexOf(given, "--redis-username") + 1]);
    }

    [Fact]
    public async Task The_authority_of_Redis_is_a_reference()
    {
        var rendering = await Rendering.WithAsync("redis.tls.enabled=true", "redis.tls.caSecret.name=authority");

        Assert.All(
            rendering.Of("Component"),
            component =>
                Assert.Contains(
                    component["spec"]!["metadata"]!.AsArray(),
                    entry =>
                        (string)entry!["name"]! == "caCert"
                        && (string?)entry["secretKeyRef"]?["name"] == "authority"
                        && (string?)entry["secretKeyRef"]?["key"] == "ca.crt"
                )
        );
        var doctor = rendering.Single("Pod", "shop-darq-doctor")["spec"]!["containers"]![0]!;
        Assert.Contains(doctor["args"]!.AsArray(), argument => (string?)argument == "/etc/darq/ca/ca.crt");
        Assert.Contains(doctor["volumeMounts"]!.AsArray(), mount => (string?)mount!["mountPath"] == "/etc/darq/ca");
    }

    [Fact]
    public async Task Numbers_and_flags_become_text()
    {
        var rendering = await Rendering.WithAsync(
            "components.pubsub.pubsub.settings.maxBacklog=100000000,components.pubsub.pubsub.settings.requireStep=true"
        );
        var metadata = rendering.Single("Component", "pubsub")["spec"]!["metadata"]!.AsArray();

        Assert.Equal("100000000", (string)metadata.Single(entry => (string)entry!["name"]! == "maxBacklog")!["value"]!);
        Assert.Equal("true", (string)metadata.Single(entry => (string)entry!["name"]! == "requireStep")!["value"]!);
    }

    /// <summary>The errors and warnings of Init, where secrets have some value of their form.</summary>
    private static IEnumerable<string> Init(JsonObject component)
    {
        var service = (string)component["spec"]!["type"]! switch
        {
            "pubsub.darq" => ComponentService.PubSub,
            "state.darq" => ComponentService.StateStore,
            "bindings.darq" => ComponentService.InputBinding,
            var type => throw new InvalidOperationException($"{type} is not a type of this component."),
        };
        var reading = OptionsReader.Read(
            service,
            component["spec"]!["metadata"]!
                .AsArray()
                .Select(entry => KeyValuePair.Create((string)entry!["name"]!, (string?)entry["value"] ?? SecretOf((string)entry["name"]!)))
        );
        return [.. reading.Errors, .. reading.Warnings];
    }

    private static string SecretOf(string setting) =>
        setting switch
        {
            "caCert" or "clientCert" => ClientCertificate.Value.ExportCertificatePem(),
            "clientKey" => ClientCertificate.Value.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem(),
            _ => "secret",
        };

    private static X509Certificate2 MakeCertificate()
    {
        using var key = ECDsa.Create();
        var now = DateTimeOffset.UtcNow;
        return new CertificateRequest("CN=darq", key, HashAlgorithmName.SHA256).CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }
}
