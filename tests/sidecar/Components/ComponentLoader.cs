using System.Diagnostics;
using Darq.Sidecar.Resources;
using Darq.Sidecar.Startup;
using Darq.Tests.Shared.GrpcClient;

namespace Darq.Sidecar.Components;

/// <summary>
/// Initialises components one after another, in the order of the resources. A failure ends the start, unless the resource says
/// <c>ignoreErrors</c>. The init timeout is looked at only after Init has answered.
/// </summary>
internal sealed class ComponentLoader(
    IReadOnlyDictionary<(ComponentKind Kind, string Name), string> sockets,
    string appId,
    string? @namespace
)
{
    private readonly ComponentRegistry _registry = new();

    public async Task<ComponentRegistry> LoadAsync(IEnumerable<ComponentManifest> manifests, CancellationToken cancellation)
    {
        foreach (var manifest in manifests)
        {
            try
            {
                await LoadAsync(manifest, cancellation);
                SidecarLog.Info($"component loaded: {manifest.Name} ({manifest.Type}/{manifest.Version})");
            }
            catch (Exception fault) when (fault is GrpcCallException or StartException && !cancellation.IsCancellationRequested)
            {
                var text =
                    $"process component {manifest.Name} error: [INIT_COMPONENT_FAILURE]: initialization error occurred for "
                    + $"{manifest.Name} ({manifest.Type}/{manifest.Version}): {fault.Message}";
                if (!manifest.IgnoreErrors)
                {
                    throw new StartException(text);
                }

                SidecarLog.Error(text);
            }
        }
        return _registry;
    }

    private async Task LoadAsync(ComponentManifest manifest, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        var (category, name) = manifest.Type.ToLowerInvariant().Split('.', 2) is [var left, var right]
            ? (left, right)
            : (manifest.Type, "");
        var capabilities = category switch
        {
            "pubsub" => await LoadPubSubAsync(manifest, Socket(ComponentKind.PubSub, name, manifest, "message bus"), cancellation),
            "state" => await LoadStoreAsync(manifest, Socket(ComponentKind.StateStore, name, manifest, "state store"), cancellation),
            "bindings" => await LoadBindingsAsync(manifest, name, cancellation),
            _ when SecretStores.Plays(manifest.Type) => [],
            _ => throw new StartException(
                $"the stand-in sidecar knows pubsub, state, bindings, {SecretStores.Types}, not {manifest.Type}"
            ),
        };
        if (watch.Elapsed > manifest.InitTimeout)
        {
            _registry.Remove(manifest.Name);
            throw new StartException($"init timeout for component {manifest.Name} exceeded after {manifest.InitTimeout.TotalSeconds}s");
        }
        _registry.Loaded.Add(new(manifest, capabilities));
    }

    private async Task<IReadOnlyList<string>> LoadPubSubAsync(ComponentManifest manifest, string socket, CancellationToken cancellation)
    {
        var component = new PubSubComponent(
            manifest,
            new(socket, manifest.Name),
            manifest.NamespaceScoped ? @namespace ?? "default" : "",
            appId
        );
        await component.InitAsync(cancellation);
        _registry.PubSubs[manifest.Name] = component;
        return component.Features;
    }

    private async Task<IReadOnlyList<string>> LoadStoreAsync(ComponentManifest manifest, string socket, CancellationToken cancellation)
    {
        var keys = new KeyPrefix(manifest, appId, @namespace);
        var component = new StateComponent(manifest, new(socket, manifest.Name), keys);
        await component.InitAsync(cancellation);
        _registry.Stores[manifest.Name] = component;
        return component.Capabilities.ToArray();
    }

    private async Task<IReadOnlyList<string>> LoadBindingsAsync(ComponentManifest manifest, string name, CancellationToken cancellation)
    {
        var (input, output) = BindingDirection.Of(manifest) ?? (true, true);
        var inputSocket = input ? Find(ComponentKind.InputBinding, name, manifest) : null;
        var outputSocket = output ? Find(ComponentKind.OutputBinding, name, manifest) : null;
        if (inputSocket is null && outputSocket is null)
        {
            throw new StartException($"couldn't find {(output ? "output" : "input")} binding {manifest.Type}/{manifest.Version}");
        }

        var capabilities = new List<string>();
        if (inputSocket is not null)
        {
            var component = new InputBindingComponent(manifest, new(inputSocket, manifest.Name));
            await component.InitAsync(cancellation);
            _registry.Inputs.Add(component);
            capabilities.Add("INPUT_BINDING");
        }
        if (outputSocket is not null)
        {
            var component = new OutputBindingComponent(manifest, new(outputSocket, manifest.Name));
            await component.InitAsync(cancellation);
            _registry.Outputs[manifest.Name] = component;
            capabilities.Add("OUTPUT_BINDING");
        }
        return capabilities;
    }

    private string Socket(ComponentKind kind, string name, ComponentManifest manifest, string what) =>
        Find(kind, name, manifest) ?? throw new StartException($"couldn't find {what} {manifest.Type}/{manifest.Version}");

    // Pluggable components have no versions of their own: only the unversioned ones of a resource match.
    private string? Find(ComponentKind kind, string name, ComponentManifest manifest) =>
        manifest.Version.ToLowerInvariant() is "" or "v0" or "v1" ? sockets.GetValueOrDefault((kind, name)) : null;
}
