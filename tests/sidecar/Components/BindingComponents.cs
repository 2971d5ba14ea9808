using Darq.Protos;
using Darq.Sidecar.Resources;
using Darq.Tests.Shared.GrpcClient;

namespace Darq.Sidecar.Components;

/// <summary>One initialised input binding; its route is the app's path.</summary>
internal sealed class InputBindingComponent(ComponentManifest manifest, ComponentChannel channel) : IDisposable
{
    public string Name => manifest.Name;

    public string Route => manifest.Find("route") is { Length: > 0 } route ? route : manifest.Name;

    /// <summary>True if the resource names the direction: then the app is not asked whether it wants the binding.</summary>
    public bool IsExplicit => BindingDirection.Of(manifest) is not null;

    public async Task InitAsync(CancellationToken cancellation)
    {
        var request = new InputBindingInitRequest { Metadata = new() };
        request.Metadata.Properties.Add(manifest.Properties());
        await channel.CallAsync("InputBinding/Init", request, InputBindingInitResponse.Parser, cancellation);
    }

    public GrpcDuplexCall Read(CancellationToken cancellation) => channel.Open("InputBinding/Read", cancellation);

    public void Dispose() => channel.Dispose();
}

/// <summary>One initialised output binding with the operations it listed.</summary>
internal sealed class OutputBindingComponent(ComponentManifest manifest, ComponentChannel channel) : IDisposable
{
    public string Name => manifest.Name;

    public IReadOnlyList<string> Operations { get; private set; } = [];

    public async Task InitAsync(CancellationToken cancellation)
    {
        var request = new OutputBindingInitRequest { Metadata = new() };
        request.Metadata.Properties.Add(manifest.Properties());
        await channel.CallAsync("OutputBinding/Init", request, OutputBindingInitResponse.Parser, cancellation);
        Operations = (
            await channel.CallAsync(
                "OutputBinding/ListOperations",
                new ListOperationsRequest(),
                ListOperationsResponse.Parser,
                cancellation
            )
        ).Operations;
    }

    public Task<InvokeResponse> InvokeAsync(
        InvokeRequest request,
        CancellationToken cancellation,
        string? deliveredBy = null,
        string? traceParent = null
    ) => channel.CallAsync("OutputBinding/Invoke", request, InvokeResponse.Parser, cancellation, deliveredBy, traceParent: traceParent);

    public void Dispose() => channel.Dispose();
}

/// <summary>The directions that a binding's metadata names; null when it names none and both are tried.</summary>
internal static class BindingDirection
{
    public static (bool Input, bool Output)? Of(ComponentManifest manifest)
    {
        if (manifest.Find("direction") is not { Length: > 0 } text)
        {
            return null;
        }

        var words = text.ToLowerInvariant().Split(',', StringSplitOptions.TrimEntries);
        return (words.Contains("input"), words.Contains("output"));
    }
}
