namespace Darq.Sidecar.Routing;

/// <summary>An expression that cannot be read, or that fails on an event; the message is what cel-go says where that is known.</summary>
internal sealed class CelException(string message) : Exception(message)
{
    /// <summary>There is no such operation on values of these types.</summary>
    public static CelException NoOverload() => new("no such overload");
}
