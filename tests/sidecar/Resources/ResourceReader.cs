using System.Globalization;
using Darq.Sidecar.Events;
using Darq.Sidecar.Routing;
using Darq.Sidecar.Startup;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Darq.Sidecar.Resources;

/// <summary>
/// Reads Component and Subscription resources from a folder; other kinds, and those scoped to other apps, are passed over.
/// </summary>
internal static class ResourceReader
{
    private static readonly TimeSpan DefaultInitTimeout = TimeSpan.FromSeconds(5);

    public static ResourceSet Read(IEnumerable<string> folders, Templates templates, string appId)
    {
        var components = new List<ComponentManifest>();
        var subscriptions = new List<SubscriptionManifest>();
        var roots = folders.SelectMany(Files).SelectMany(Documents).Where(root => IsFor(root, appId)).ToArray();
        var secrets = new SecretStores(roots);
        foreach (var root in roots)
        {
            if (root.Text("kind") == "Component")
            {
                components.Add(Component(root, templates, secrets));
            }
            else if (root.Text("kind") == "Subscription")
            {
                subscriptions.Add(Subscription(root));
            }
        }
        return new(components, subscriptions);
    }

    private static bool IsFor(YamlNode root, string appId)
    {
        var scopes = root.Items("scopes").Select(scope => (scope as YamlScalarNode)?.Value).ToArray();
        return scopes.Length == 0 || scopes.Contains(appId);
    }

    private static IEnumerable<string> Files(string folder) =>
        Directory.Exists(folder)
            ? Directory
                .GetFiles(folder)
                .Where(file => file.EndsWith(".yaml", StringComparison.Ordinal) || file.EndsWith(".yml", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
            : throw new StartException($"the resources folder {folder} does not exist");

    private static IEnumerable<YamlNode> Documents(string file)
    {
        var stream = new YamlStream();
        try
        {
            using var reader = File.OpenText(file);
            stream.Load(reader);
        }
        catch (YamlException fault)
        {
            SidecarLog.Warn($"{file} is no YAML and is passed over: {fault.Message}");
            return [];
        }
        return stream.Documents.Select(document => document.RootNode);
    }

    private static ComponentManifest Component(YamlNode root, Templates templates, SecretStores secrets)
    {
        var name = root.Text("metadata", "name") ?? throw new StartException("a Component resource has no metadata.name");
        var timeout = DefaultInitTimeout;
        if (root.Text("spec", "initTimeout") is { Length: > 0 } text && !GoDuration.TryParse(text, out timeout))
        {
            throw new StartException($"component {name}: initTimeout: '{text}' is not a duration such as 5s");
        }

        var scoped = false;
        var metadata = new List<KeyValuePair<string, string>>();
        foreach (var item in root.Items("spec", "metadata"))
        {
            var value = item.At("secretKeyRef") is { } secret
                ? secrets.Find(
                    name,
                    root.Text("auth", "secretStore"),
                    secret.Text("name") ?? "",
                    secret.Text("key") ?? secret.Text("name") ?? ""
                )
                : Value(item);
            scoped |= value.Contains("{namespace}", StringComparison.Ordinal);
            metadata.Add(new(item.Text("name") ?? "", templates.Fill(value)));
        }
        return new(
            name,
            root.Text("spec", "type") ?? "",
            root.Text("spec", "version") ?? "",
            root.Text("spec", "ignoreErrors") == "true",
            timeout,
            metadata,
            scoped
        );
    }

    private static string Value(YamlNode item)
    {
        if (item.Text("envRef") is { } variable)
        {
            return Environment.GetEnvironmentVariable(variable) ?? "";
        }

        return item.At("value") is { } value ? value.Json() : "";
    }

    private static SubscriptionManifest Subscription(YamlNode root)
    {
        var spec = root.At("spec");
        var rules = spec.Items("routes", "rules").Select(rule => Rule(rule.Text("match") ?? "", rule.Text("path") ?? "")).ToList();
        // v1alpha1 knows a single route, v2alpha1 rules and a default.
        if ((spec.Text("route") ?? spec.Text("routes", "default")) is { Length: > 0 } always)
        {
            rules.Add(Rule("", always));
        }

        return new(
            spec.Text("pubsubname") ?? "",
            spec.Text("topic") ?? "",
            spec.Text("deadLetterTopic") ?? "",
            spec.Map("metadata"),
            new(rules),
            SubscriptionOrigin.Declarative,
            spec.Text("bulkSubscribe", "enabled") == "true"
                ? BulkSettings.Of(Number(spec, "maxMessagesCount"), Number(spec, "maxAwaitDurationMs"))
                : null
        );
    }

    private static int Number(YamlNode? spec, string name) =>
        int.TryParse(spec.Text("bulkSubscribe", name), CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static RouteRule Rule(string match, string path)
    {
        try
        {
            return RouteRule.Of(match, path);
        }
        catch (CelException fault)
        {
            throw new StartException($"the rule \"{match}\" of a subscription cannot be read: {fault.Message}");
        }
    }
}
