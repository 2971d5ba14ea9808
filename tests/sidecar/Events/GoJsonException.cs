namespace Darq.Sidecar.Events;

/// <summary>Text that is no JSON, or JSON of another shape than asked for; the message is what Go's <c>encoding/json</c> says.</summary>
internal sealed class GoJsonException(string message) : Exception(message);
