using System.Text.Json;
using Darq.Sidecar.Startup;
using YamlDotNet.RepresentationModel;

namespace Darq.Sidecar.Resources;

/// <summary>
/// The secret stores among the resources, by name. Of daprd's, those are played that read the environment and a local file of JSON.
/// </summary>
internal sealed class SecretStores
{
    private const string OfEnvironment = "secretstores.local.env";
    private const string OfFile = "secretstores.local.file";

    // Each answers null for a secret that it does not have.
    private readonly Dictionary<string, Func<string, string?>> _stores = [];

    public SecretStores(IEnumerable<YamlNode> resources)
    {
        foreach (var resource in resources.Where(resource => Plays(resource.Text("spec", "type"))))
        {
            var name = resource.Text("metadata", "name") ?? "";
            if (resource.Text("spec", "type") == OfFile)
            {
                var secrets = ReadFile(name, resource);
                _stores[name] = secret => secrets.GetValueOrDefault(secret);
            }
            else
            {
                _stores[name] = Environment.GetEnvironmentVariable;
            }
        }
    }

    /// <summary>The types that are played, in words.</summary>
    public static string Types => $"{OfEnvironment} and {OfFile}";

    public static bool Plays(string? type) => type is OfEnvironment or OfFile;

    /// <summary>
    /// The secret that a component's metadata refers to; there is one value under each name, and its key is the name too.
    /// </summary>
    public string Find(string component, string? store, string name, string key)
    {
        if (store is null || !_stores.TryGetValue(store, out var find))
        {
            throw new StartException(
                $"component {component}: the secret {name} is to come from the secret store {store ?? "kubernetes"}, which is not there; "
                    + $"the stand-in plays {Types} only"
            );
        }

        return key == name ? find(name) ?? "" : "";
    }

    private static Dictionary<string, string> ReadFile(string store, YamlNode resource)
    {
        var path = Setting(resource, "secretsFile") ?? throw new StartException($"secret store {store}: secretsFile is missing");
        try
        {
            using var file = JsonDocument.Parse(File.ReadAllText(path));
            var secrets = new Dictionary<string, string>();
            Flatten(file.RootElement, "", Setting(resource, "nestedSeparator") ?? ":", secrets);
            return secrets;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new StartException($"secret store {store}: {path} cannot be read: {fault.Message}");
        }
    }

    private static void Flatten(JsonElement value, string name, string separator, Dictionary<string, string> secrets)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            secrets[name] = value.ToString();
            return;
        }

        foreach (var member in value.EnumerateObject())
        {
            Flatten(member.Value, name.Length == 0 ? member.Name : name + separator + member.Name, separator, secrets);
        }
    }

    private static string? Setting(YamlNode resource, string name) =>
        resource.Items("spec", "metadata").FirstOrDefault(item => item.Text("name") == name).Text("value");
}
