using System.Text;
using System.Text.Json;
using Darq.Protos.Runtime;
using Darq.Sidecar.Events;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Darq.Sidecar.Apps;

/// <summary>Events as messages: attributes become fields or extensions, and data is decoded as its type says.</summary>
internal static class GrpcEvents
{
    private static readonly HashSet<string> Fields = ["id", "source", "type", "specversion", "datacontenttype", "data", "data_base64"];

    public static TopicEventRequest Request(ReceivedEvent received, string path)
    {
        var root = received.Root;
        return new()
        {
            Id = Attribute(root, "id"),
            Source = Attribute(root, "source"),
            Type = Attribute(root, "type"),
            SpecVersion = Attribute(root, "specversion"),
            DataContentType = Attribute(root, "datacontenttype"),
            Topic = received.Topic,
            Data = Data(root),
            PubsubName = received.PubSub,
            Path = path,
            Extensions = Extensions(root),
        };
    }

    public static TopicEventBulkRequest Request(EventBulk bulk) =>
        new()
        {
            Id = bulk.Id,
            Entries = { bulk.Entries.Select(entry => Entry(entry, bulk.IsRaw)) },
            Metadata = { bulk.Metadata },
            Topic = bulk.Topic,
            PubsubName = bulk.PubSub,
            Type = EventBulk.Type,
            Path = bulk.Path,
        };

    private static TopicEventBulkRequestEntry Entry(BulkEntry entry, bool raw)
    {
        var result = new TopicEventBulkRequestEntry
        {
            EntryId = entry.Id,
            ContentType = entry.Message.ContentType,
            Metadata = { entry.Message.Metadata },
        };
        if (raw)
        {
            result.Bytes = entry.Message.Data;
            return result;
        }

        result.CloudEvent = new()
        {
            Id = Attribute(entry.Root, "id"),
            Source = Attribute(entry.Root, "source"),
            Type = Attribute(entry.Root, "type"),
            SpecVersion = Attribute(entry.Root, "specversion"),
            DataContentType = Attribute(entry.Root, "datacontenttype"),
            Data = Data(entry.Root),
            Extensions = Extensions(entry.Root),
        };
        return result;
    }

    private static string Attribute(JsonElement root, string name) =>
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : "";

    /// <summary>Empty for every type but text, JSON and what comes in base64: daprd loses it.</summary>
    private static ByteString Data(JsonElement root)
    {
        if (Attribute(root, "data_base64") is { Length: > 0 } encoded)
        {
            return Decode(encoded);
        }

        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("data", out var data))
        {
            return ByteString.Empty;
        }

        var type = Attribute(root, "datacontenttype");
        if (ContentTypes.IsJson(type))
        {
            return UnsafeByteOperations.UnsafeWrap(GoJson.Write(data, GoNumbers.Floats));
        }

        return ContentTypes.IsText(type) && data.ValueKind == JsonValueKind.String
            ? ByteString.CopyFrom(data.GetString()!, Encoding.UTF8)
            : ByteString.Empty;
    }

    private static ByteString Decode(string encoded)
    {
        try
        {
            return ByteString.FromBase64(encoded);
        }
        catch (FormatException)
        {
            throw new GoJsonException("illegal base64 data");
        }
    }

    private static Struct Extensions(JsonElement root)
    {
        var extensions = new Struct();
        foreach (var member in root.ValueKind == JsonValueKind.Object ? root.EnumerateObject() : default)
        {
            if (!Fields.Contains(member.Name))
            {
                extensions.Fields[member.Name] = ValueOf(member.Value);
            }
        }

        return extensions;
    }

    private static Value ValueOf(JsonElement element) =>
        element.ValueKind switch
        {
            JsonValueKind.True or JsonValueKind.False => Value.ForBool(element.GetBoolean()),
            JsonValueKind.Number => Value.ForNumber(element.GetDouble()),
            JsonValueKind.String => Value.ForString(element.GetString()),
            JsonValueKind.Array => Value.ForList([.. element.EnumerateArray().Select(ValueOf)]),
            JsonValueKind.Object => Value.ForStruct(StructOf(element)),
            _ => Value.ForNull(),
        };

    private static Struct StructOf(JsonElement element)
    {
        var result = new Struct();
        foreach (var member in element.EnumerateObject())
        {
            result.Fields[member.Name] = ValueOf(member.Value);
        }

        return result;
    }
}
