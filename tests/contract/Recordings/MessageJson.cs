using System.Collections;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace Darq.Tests.Contract.Recordings;

/// <summary>Messages as the recordings write them: set fields only, by their .proto names, bytes as text where they are UTF-8.</summary>
internal static class MessageJson
{
    public static JsonObject Of(IMessage message)
    {
        var result = new JsonObject();
        foreach (var field in message.Descriptor.Fields.InFieldNumberOrder())
        {
            var value = field.Accessor.GetValue(message);
            if (field.IsMap)
            {
                AddMap(result, field.Name, (IDictionary)value);
            }
            else if (field.IsRepeated)
            {
                AddList(result, field, (IList)value);
            }
            else if (IsSet(field, message, value))
            {
                result[field.Name] = OfValue(field, value);
            }
        }
        return result;
    }

    public static IMessage Parse(MessageDescriptor type, JsonObject? plain)
    {
        var message = type.Parser.ParseFrom(ByteString.Empty);
        foreach (var (name, value) in plain ?? [])
        {
            var field = type.FindFieldByName(name) ?? throw new InvalidDataException($"{type.FullName} has no field {name}");
            if (field.IsMap)
            {
                foreach (var (key, text) in value!.AsObject())
                {
                    ((IDictionary)field.Accessor.GetValue(message))[key] = (string)text!;
                }
            }
            else if (field.IsRepeated)
            {
                foreach (var item in value!.AsArray())
                {
                    ((IList)field.Accessor.GetValue(message)).Add(ToValue(field, item!));
                }
            }
            else
            {
                field.Accessor.SetValue(message, ToValue(field, value!));
            }
        }
        return message;
    }

    private static void AddMap(JsonObject result, string name, IDictionary map)
    {
        if (map.Count == 0)
        {
            return;
        }

        var members = new JsonObject();
        foreach (DictionaryEntry entry in map)
        {
            members[(string)entry.Key] = (string)entry.Value!;
        }

        result[name] = members;
    }

    private static void AddList(JsonObject result, FieldDescriptor field, IList list)
    {
        if (list.Count > 0)
        {
            result[field.Name] = new JsonArray([.. list.Cast<object>().Select(item => OfValue(field, item))]);
        }
    }

    private static bool IsSet(FieldDescriptor field, IMessage message, object? value) =>
        field.FieldType switch
        {
            FieldType.Message => value is not null,
            _ when field.HasPresence => field.Accessor.HasValue(message),
            FieldType.String => ((string)value!).Length > 0,
            FieldType.Bytes => !((ByteString)value!).IsEmpty,
            FieldType.Bool => (bool)value!,
            FieldType.Enum => (int)value! != 0,
            _ => Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture) != 0,
        };

    private static JsonNode? OfValue(FieldDescriptor field, object value) =>
        field.FieldType switch
        {
            FieldType.Message => value is Struct map ? OfStruct(map) : Of((IMessage)value),
            FieldType.Bytes => OfBytes((ByteString)value),
            FieldType.Enum => field.EnumType.FindValueByNumber((int)value)?.Name,
            FieldType.String => (string)value,
            FieldType.Bool => (bool)value,
            FieldType.Int32 => (int)value,
            FieldType.Int64 => (long)value,
            _ => throw new InvalidDataException($"{field.FullName} is of a type that no recording has"),
        };

    private static JsonObject OfStruct(Struct map) => JsonNode.Parse(JsonFormatter.Default.Format(map))!.AsObject();

    private static JsonNode OfBytes(ByteString bytes) =>
        Utf8.IsValid(bytes.Span) ? bytes.ToStringUtf8() : new JsonObject { ["base64"] = bytes.ToBase64() };

    private static object ToValue(FieldDescriptor field, JsonNode value) =>
        field.FieldType switch
        {
            FieldType.Message => Parse(field.MessageType, value.AsObject()),
            FieldType.Bytes => ToBytes(value),
            FieldType.Enum => field.EnumType.FindValueByName((string)value!).Number,
            FieldType.Int32 => (int)value,
            FieldType.Int64 => (long)value,
            FieldType.Bool => (bool)value,
            _ => (string)value!,
        };

    private static ByteString ToBytes(JsonNode value) =>
        value switch
        {
            JsonObject repeated when repeated.ContainsKey("repeat") => ByteString.CopyFrom(
                Encoding.UTF8.GetBytes(RecordedText.Repeat(repeated))
            ),
            JsonObject binary => ByteString.FromBase64((string)binary["base64"]!),
            _ => ByteString.CopyFromUtf8((string)value!),
        };
}
