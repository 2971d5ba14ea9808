using System.Buffers.Binary;
using Google.Protobuf;

namespace Darq.Tests.Shared.GrpcClient;

/// <summary>The five bytes (compressed flag, length) in front of every gRPC message.</summary>
internal static class MessageFrame
{
    public const int HeaderBytes = 5;

    public static byte[] Of(IMessage message)
    {
        var size = message.CalculateSize();
        var frame = new byte[HeaderBytes + size];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), size);
        message.WriteTo(frame.AsSpan(HeaderBytes));
        return frame;
    }
}
