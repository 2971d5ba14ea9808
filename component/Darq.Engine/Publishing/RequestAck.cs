using Darq.Engine.Core;

namespace Darq.Engine.Publishing;

/// <summary>When a request wants to be answered, as its metadata says.</summary>
internal static class RequestAck
{
    /// <summary>
    /// Null where it does not say. The metadata are as <see cref="RequestNames.Read"/> returns them. Throws <see cref="DarqException"/>
    /// (Invalid) for another word.
    /// </summary>
    public static AckLevel? Of(IReadOnlyDictionary<string, string> metadata) =>
        metadata.TryGetValue(WireNames.Ack, out var text) ? AckLevels.Read(WireNames.Ack, text) : null;
}
