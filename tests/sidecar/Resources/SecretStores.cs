using Darq.Sidecar.Startup;

namespace Darq.Sidecar.Resources;

/// <summary>The secret stores among the resources, by name. Of daprd's, the one that reads the environment is played.</summary>
internal sealed class SecretStores(IReadOnlyCollection<string> names)
{
    public const string Type = "secretstores.local.env";

    /// <summary>
    /// The secret that a component's metadata refers to; there is one value under each name, and its key is the name too.
    /// </summary>
    public string Find(string component, string? store, string name, string key)
    {
        if (store is null || !names.Contains(store))
        {
            throw new StartException(
                $"component {component}: the secret {name} is to come from the secret store {store ?? "kubernetes"}, which is not there; "
                    + $"the stand-in plays {Type} only"
            );
        }

        return key == name ? Environment.GetEnvironmentVariable(name) ?? "" : "";
    }
}
