using System.Text.Unicode;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Darq.Tests.Shared.GrpcClient;

/// <summary>
/// Parses a message and refuses invalid UTF-8 in its strings, as Go's protobuf does. Google.Protobuf for C# replaces such bytes silently,
/// which would hide a server that sends them.
/// </summary>
internal static class StrictMessage
{
    public static T Parse<T>(MessageParser<T> parser, byte[] bytes)
        where T : class, IMessage<T> => (T)Parse(bytes, parser.ParseFrom);

    public static IMessage Parse(MessageDescriptor type, byte[] bytes) => Parse(bytes, type.Parser.ParseFrom);

    private static IMessage Parse(byte[] bytes, Func<byte[], IMessage> parse)
    {
        try
        {
            var message = parse(bytes);
            CheckText(message.Descriptor, bytes);
            return message;
        }
        catch (InvalidProtocolBufferException fault)
        {
            throw new GrpcCallException(new(GrpcCode.Internal, "grpc: failed to unmarshal the received message: " + fault.Message), fault);
        }
    }

    private static void CheckText(MessageDescriptor descriptor, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var tag = (uint)Varint(ref bytes);
            switch (WireFormat.GetTagWireType(tag))
            {
                case WireFormat.WireType.Varint:
                    Varint(ref bytes);
                    break;
                case WireFormat.WireType.Fixed32:
                    bytes = bytes[4..];
                    break;
                case WireFormat.WireType.Fixed64:
                    bytes = bytes[8..];
                    break;
                case WireFormat.WireType.LengthDelimited:
                    var length = (int)Varint(ref bytes);
                    CheckField(descriptor, descriptor.FindFieldByNumber(WireFormat.GetTagFieldNumber(tag)), bytes[..length]);
                    bytes = bytes[length..];
                    break;
                default:
                    // Groups do not occur in proto3 messages; the parser has already accepted whatever follows.
                    return;
            }
        }
    }

    private static void CheckField(MessageDescriptor owner, FieldDescriptor? field, ReadOnlySpan<byte> value)
    {
        if (field?.FieldType == FieldType.Message)
        {
            CheckText(field.MessageType, value);
        }
        else if (field?.FieldType == FieldType.String && !Utf8.IsValid(value))
        {
            throw new GrpcCallException(
                new(
                    GrpcCode.Internal,
                    $"grpc: failed to unmarshal the received message: string field {owner.FullName}.{field.Name} contains invalid UTF-8"
                )
            );
        }
    }

    private static ulong Varint(ref ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        for (var i = 0; ; i++)
        {
            value |= (ulong)(bytes[i] & 0x7f) << (7 * i);
            if (bytes[i] < 0x80)
            {
                bytes = bytes[(i + 1)..];
                return value;
            }
        }
    }
}
