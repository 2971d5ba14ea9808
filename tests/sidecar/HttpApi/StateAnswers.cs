using System.Buffers;
using System.Text;
using Darq.Protos;
using Darq.Sidecar.Components;
using Darq.Sidecar.Events;
using Google.Protobuf;
using Google.Protobuf.Collections;

namespace Darq.Sidecar.HttpApi;

/// <summary>The bodies of answers with several items, as Go's encoder writes them: what is empty is left out.</summary>
internal static class StateAnswers
{
    private static readonly ByteString Null = ByteString.CopyFromUtf8("null");

    /// <summary>
    /// One row for each of the keys that were asked for, those of the component first, the rest empty. Null if an item's data is no JSON.
    /// </summary>
    public static ReadOnlyMemory<byte>? OfBulk(IReadOnlyList<BulkStateItem> items, int asked)
    {
        var output = new ArrayBufferWriter<byte>(256);
        try
        {
            var rows = items.Concat(Enumerable.Repeat(new BulkStateItem(), Math.Max(0, asked - items.Count))).ToArray();
            WriteList(output, rows, WriteRow);
            output.Write("\n"u8);
            return output.WrittenMemory;
        }
        catch (GoJsonException)
        {
            return null;
        }
    }

    public static ReadOnlyMemory<byte> OfQuery(QueryResponse answer)
    {
        var output = new ArrayBufferWriter<byte>(256);
        output.Write("{\"results\":"u8);
        WriteList(output, answer.Items, WriteRow);
        WriteText(output, "token", answer.Token);
        WriteMap(output, answer.Metadata);
        output.Write("}\n"u8);
        return output.WrittenMemory;
    }

    private static void WriteList<T>(ArrayBufferWriter<byte> output, IReadOnlyList<T> items, Action<ArrayBufferWriter<byte>, T> write)
    {
        output.Write("["u8);
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0)
            {
                output.Write(","u8);
            }

            write(output, items[i]);
        }
        output.Write("]"u8);
    }

    private static void WriteRow(ArrayBufferWriter<byte> output, BulkStateItem item)
    {
        WriteStart(output, item.Key, item.Data, item.Etag);
        WriteMap(output, item.Metadata);
        WriteText(output, "error", item.Error);
        output.Write("}"u8);
    }

    private static void WriteRow(ArrayBufferWriter<byte> output, QueryItem item)
    {
        // Here data that is not there is null, not left out.
        WriteStart(output, item.Key, item.Data.IsEmpty ? Null : item.Data, item.Etag);
        WriteText(output, "error", item.Error);
        output.Write("}"u8);
    }

    private static void WriteStart(ArrayBufferWriter<byte> output, string key, ByteString data, Etag? etag)
    {
        output.Write("{\"key\":"u8);
        GoJson.WriteString(output, KeyPrefix.Inner(key));
        if (!data.IsEmpty)
        {
            output.Write(",\"data\":"u8);
            GoJson.WriteCompact(output, data.Memory);
        }
        if (etag is not null)
        {
            output.Write(",\"etag\":"u8);
            GoJson.WriteString(output, etag.Value);
        }
    }

    private static void WriteText(ArrayBufferWriter<byte> output, string name, string text)
    {
        if (text.Length > 0)
        {
            output.Write(Encoding.UTF8.GetBytes($",\"{name}\":{GoJson.Quote(text)}"));
        }
    }

    private static void WriteMap(ArrayBufferWriter<byte> output, MapField<string, string> metadata)
    {
        if (metadata.Count > 0)
        {
            output.Write(Encoding.UTF8.GetBytes($",\"metadata\":{GoJson.Map(metadata)}"));
        }
    }
}
