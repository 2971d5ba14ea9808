using Google.Protobuf;

namespace Darq.Sidecar.Apps;

/// <summary>An app's answer to a binding's message: data that goes back to the component, or the reason why there is none.</summary>
internal sealed record BindingAnswer(ByteString Data, string? Failure = null)
{
    /// <summary>The output bindings that get the data; only gRPC apps can name some.</summary>
    public IReadOnlyList<string> To { get; init; } = [];

    public bool ToAllAtOnce { get; init; }

    /// <summary>The trace in which the app was called.</summary>
    public string TraceParent { get; init; } = "";

    public static BindingAnswer Failed(string reason) => new(ByteString.Empty, reason);
}
