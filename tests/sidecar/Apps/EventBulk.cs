using System.Text.Json;
using Darq.Protos;
using Darq.Sidecar.Events;

namespace Darq.Sidecar.Apps;

/// <summary>Events of one topic for one path, handed over together.</summary>
internal sealed record EventBulk(string PubSub, string Topic, string Path, bool IsRaw, IReadOnlyList<BulkEntry> Entries)
{
    public const string Type = "com.dapr.event.sent.bulk";

    public string Id { get; } = Guid.NewGuid().ToString();

    /// <summary>The metadata of the whole; that of the messages is with the entries.</summary>
    public Dictionary<string, string> Metadata { get; } = new() { ["pubsubName"] = PubSub };
}

/// <summary>A message as an entry of a bulk. The id is the sidecar's own, and another one at every delivery.</summary>
internal sealed class BulkEntry(PullMessagesResponse message) : IDisposable
{
    private JsonDocument? _document;

    public string Id { get; } = Guid.NewGuid().ToString();

    public PullMessagesResponse Message => message;

    /// <summary>The event; undefined before <see cref="Read"/>, and always where payloads are raw.</summary>
    public JsonElement Root => _document?.RootElement ?? default;

    /// <summary>Throws <see cref="GoJsonException"/> if the message is no CloudEvent, binary ones included.</summary>
    public void Read() => _document = ReceivedEvent.Parse(message.Data.Memory);

    public void Dispose() => _document?.Dispose();
}
