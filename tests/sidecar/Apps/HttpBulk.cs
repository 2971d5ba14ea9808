using System.Buffers;
using System.Text;
using Darq.Sidecar.Events;

namespace Darq.Sidecar.Apps;

/// <summary>The body that an HTTP app gets for a bulk: the events in an envelope, their numbers passed through floats.</summary>
internal static class HttpBulk
{
    public static byte[] Write(EventBulk bulk)
    {
        var output = new ArrayBufferWriter<byte>(1024);
        Add(output, "{\"entries\":[");
        for (var i = 0; i < bulk.Entries.Count; i++)
        {
            Add(output, i == 0 ? "" : ",");
            Write(output, bulk.Entries[i], bulk.IsRaw);
        }

        Add(
            output,
            $"],\"id\":\"{bulk.Id}\",\"metadata\":{GoJson.Map(bulk.Metadata)},\"pubsubname\":{GoJson.Quote(bulk.PubSub)},"
                + $"\"topic\":{GoJson.Quote(bulk.Topic)},\"type\":\"{EventBulk.Type}\"}}"
        );
        return output.WrittenSpan.ToArray();
    }

    private static void Write(ArrayBufferWriter<byte> output, BulkEntry entry, bool raw)
    {
        var message = entry.Message;
        Add(output, $"{{\"entryId\":\"{entry.Id}\",\"event\":");
        if (raw)
        {
            Add(output, $"\"{Convert.ToBase64String(message.Data.Span)}\"");
        }
        else
        {
            GoJson.Write(output, entry.Root, GoNumbers.Floats);
        }

        var contentType =
            message.ContentType.Length > 0 ? message.ContentType
            : raw ? ContentTypes.Binary
            : ContentTypes.CloudEvent;
        var metadata = GoJson.Map(message.Metadata.Count > 0 ? message.Metadata : null);
        Add(output, $",\"metadata\":{metadata},\"contentType\":{GoJson.Quote(contentType)}}}");
    }

    private static void Add(ArrayBufferWriter<byte> output, string text) => Encoding.UTF8.GetBytes(text, output);
}
