using System.Globalization;
using System.Text;
using System.Text.Json;
using Darq.Component.Components;
using Darq.Component.Configuration;
using Darq.Engine.Requests;

namespace Darq.Tests.Unit.Configuration;

/// <summary>
/// A component's settings in the form in which Dapr's tools read them of the built-in components (the schema of components-contrib,
/// version v1). Only settings that change what the component does are in it.
/// </summary>
internal sealed class ComponentMetadata(string type, ComponentService service)
{
    private static readonly Setting[] Login =
    [
        ConnectionSettings.RedisUsername,
        ConnectionSettings.RedisPassword,
        ConnectionSettings.SentinelUsername,
        ConnectionSettings.SentinelPassword,
    ];

    private static readonly Setting[] Certificate = [ConnectionSettings.ClientCert, ConnectionSettings.ClientKey];

    private static readonly Setting[] InputOnly =
    [
        .. DeliverySettings.All,
        DeliverySettings.EmptyAnswer,
        SettingTable.ConsumerId,
        SettingTable.Group,
        SettingTable.Topics,
    ];

    /// <summary>Of settings without a default.</summary>
    private static readonly Dictionary<Setting, string> Examples = new()
    {
        [ConnectionSettings.RedisHost] = "localhost:6379",
        [ConnectionSettings.RedisUsername] = "darq",
        [ConnectionSettings.RedisPassword] = "by secretKeyRef",
        [ConnectionSettings.ClientKey] = "-----BEGIN PRIVATE KEY-----",
        [ConnectionSettings.SentinelMasterName] = "mymaster",
        [ConnectionSettings.SentinelUsername] = "watcher",
        [ConnectionSettings.SentinelPassword] = "by secretKeyRef",
        [NamespaceSettings.AppId] = "{appID}",
        [SettingTable.ConsumerId] = "billing",
        [SettingTable.Group] = "billing",
        [SettingTable.Topic] = "orders",
        [SettingTable.Topics] = "orders, refunds",
        [SettingTable.Direction] = "input, output",
        [DeliverySettings.DeadLetterTopic] = "orders.failed",
    };

    private static readonly Dictionary<string, string> OperationTexts = new()
    {
        ["publish"] = "Publishes the data to a topic; the answer has the message's id and whether it was a duplicate.",
        ["create"] = "The name that most bindings have for publish.",
        ["step"] = "Writes state, publishes and takes deliveries as one atomic, exactly-once step; the answer has the outcome.",
        ["extend"] = "Lets the processing time of a delivery begin anew.",
        ["barrier"] = "Waits until positions are durable, or tells which of them Redis has lost.",
        ["status"] = "Tells what is durable, and what a power cut would take now.",
    };

    private readonly StringBuilder _text = new();

    public string Path => $"components-yaml/metadata/{type}.yaml";

    public static string ExampleOf(Setting setting) =>
        setting.Standard.Length > 0 ? setting.Standard
        : Examples.TryGetValue(setting, out var example) ? example
        : setting.MultiLine ? "-----BEGIN CERTIFICATE-----"
        : throw new InvalidOperationException($"{setting.Name} has neither a default nor an example.");

    public string Write()
    {
        var settings = SettingTable.Of(service).Settings.Where(setting => setting.Role == SettingRole.Effective).ToArray();
        Line($"# Made from the settings of the component, by the test that compares it. To renew it: {ComponentMetadataTests.Renewal}");
        Line("schemaVersion: v1");
        Line($"type: {type}");
        Line("name: darq");
        Line("version: v1");
        Line("status: alpha");
        Line("title: \"darq: exactly-once steps over Redis\"");
        Line("urls:");
        Line("  - title: Reference");
        Line($"    url: https://docs.dapr.io/reference/components-reference/supported-{(type == "state" ? "state-stores" : type)}/");
        WriteCapabilities();
        WriteBinding();
        Line("authenticationProfiles:");
        const string ByName = "Logs in as an ACL user, or with the server's own password where no user is given.";
        WriteProfile("Username and password", ByName, Login, []);
        WriteProfile(
            "Client certificate",
            "Mutual TLS: Redis asks for a certificate.",
            [ConnectionSettings.EnableTls, .. Certificate],
            [ConnectionSettings.EnableTls, .. Certificate]
        );
        Line("metadata:");
        foreach (var setting in settings.Except(Login).Except(Certificate))
        {
            WriteSetting(setting, "  ", setting == ConnectionSettings.RedisHost);
        }

        return _text.ToString();
    }

    private void WriteCapabilities()
    {
        string[] capabilities = service switch
        {
            ComponentService.PubSub => [.. PubSubService.Supported.Where(feature => feature == "MESSAGE_TTL").Select(_ => "ttl")],
            ComponentService.StateStore => ["crud", .. StateStoreService.Supported.Select(feature => feature.ToLowerInvariant())],
            _ => [],
        };
        // What the sidecar asks of a store of actors.
        if (capabilities.Contains("etag") && capabilities.Contains("transactional"))
        {
            capabilities = [.. capabilities, "actorStateStore"];
        }

        if (capabilities.Length > 0)
        {
            Line("capabilities:");
            foreach (var capability in capabilities)
            {
                Line($"  - {capability}");
            }
        }
    }

    private void WriteBinding()
    {
        if (service != ComponentService.InputBinding)
        {
            return;
        }

        Line("binding:");
        Line("  input: true");
        Line("  output: true");
        Line("  operations:");
        foreach (var operation in BoundOperations.Names)
        {
            Line($"    - name: {operation}");
            Line($"      description: {Quoted(OperationTexts[operation])}");
        }
    }

    private void WriteProfile(string title, string description, Setting[] settings, Setting[] required)
    {
        Line($"  - title: {Quoted(title)}");
        Line($"    description: {Quoted(description)}");
        Line("    metadata:");
        foreach (var setting in settings)
        {
            WriteSetting(setting, "      ", required.Contains(setting));
        }
    }

    private void WriteSetting(Setting setting, string indent, bool required)
    {
        Line($"{indent}- name: {setting.Name}");
        Line($"{indent}  description: {Quoted($"{setting.Description} Accepted: {setting.Form}.")}");
        Line($"{indent}  required: {(required ? "true" : "false")}");
        if (setting.Secret)
        {
            Line($"{indent}  sensitive: true");
        }

        Line($"{indent}  type: {TypeOf(setting)}");
        if (setting.Standard.Length > 0)
        {
            Line($"{indent}  default: {Quoted(setting.Standard)}");
        }

        // A flag that has to be given is to be switched on.
        Line($"{indent}  example: {Quoted(required && setting is Setting<bool> ? "true" : ExampleOf(setting))}");
        var words = Words(setting);
        if (words.Length > 0)
        {
            Line($"{indent}  allowedValues:");
            foreach (var word in words)
            {
                Line($"{indent}    - {Quoted(word)}");
            }
        }

        if (service == ComponentService.InputBinding && InputOnly.Contains(setting))
        {
            Line($"{indent}  binding:");
            Line($"{indent}    input: true");
        }
    }

    private static string TypeOf(Setting setting) =>
        setting switch
        {
            Setting<long> => "number",
            Setting<TimeSpan> => "duration",
            Setting<bool> when Words(setting).Length == 0 => "bool",
            _ => "string",
        };

    private static string[] Words(Setting setting) =>
        setting.Form.StartsWith("one of ", StringComparison.Ordinal) ? setting.Form["one of ".Length..].Split(", ") : [];

    private static string Quoted(string text) => JsonSerializer.Serialize(text, Relaxed);

    private static readonly JsonSerializerOptions Relaxed = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private void Line(string line) => _text.Append(CultureInfo.InvariantCulture, $"{line}\n");
}
