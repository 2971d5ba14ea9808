namespace Darq.Tests.Shared;

/// <summary>The file with which a user declares a component.</summary>
internal static class ComponentYaml
{
    public static string Of(string name, string type, params (string Name, string Value)[] metadata) =>
        $"""
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata:
              name: {name}
            spec:
              type: {type}
              version: v1
              metadata:
            {string.Join('\n', metadata.Select(entry => $"  - name: {entry.Name}\n    value: \"{entry.Value}\""))}
            """;
}
