using System.Text;
using System.Text.Json;
using Darq.Engine.Redis;
using Darq.Testing.Server;

namespace Darq.Testing.Messages;

/// <summary>Every message that was ever appended to a topic, also those that Redis has trimmed since. Of the simulation's thread.</summary>
internal sealed class AppendedMessages
{
    private readonly List<(string Topic, byte[] Data)> _all = [];

    public AppendedMessages(FakeServer server) => server.Changed += Note;

    public IReadOnlyList<byte[]> Of(string topic) => [.. _all.Where(message => message.Topic == topic).Select(message => message.Data)];

    public ILookup<string, byte[]> ByTopic() => _all.ToLookup(message => message.Topic, message => message.Data);

    /// <summary>What a message carries: the data of an event, else all of it. False where that is no <typeparamref name="T"/>.</summary>
    public static bool TryRead<T>(byte[] message, JsonSerializerOptions json, out T? value)
    {
        try
        {
            value = JsonSerializer.Deserialize<T>(Contents(message), json);
            return value is not null;
        }
        catch (JsonException)
        {
            value = default;
            return false;
        }
    }

    /// <summary>The JSON text of the data in an event, where bytes are base 64; what is no event stays as it is.</summary>
    public static string Contents(byte[] message)
    {
        try
        {
            using var document = JsonDocument.Parse(message);
            if (document.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("specversion", out _))
            {
                return root.TryGetProperty("data", out var data) ? data.GetRawText()
                    : root.TryGetProperty("data_base64", out var bytes) ? bytes.GetRawText()
                    : "null";
            }
        }
        catch (JsonException)
        {
            // It is no event.
        }

        return Encoding.UTF8.GetString(message);
    }

    private void Note(Change change)
    {
        foreach (var words in change.Commands.Where(words => words[0] == "XADD"))
        {
            var topic = words[1].Split("}:t:");
            if (topic.Length == 2)
            {
                var data = words.Skip(3).Chunk(2).First(field => field[0] == "d")[1];
                _all.Add((Keys.Decode(topic[1]), Encoding.Latin1.GetBytes(data)));
            }
        }
    }
}
