using System.Buffers.Binary;
using Google.Protobuf;

namespace Darq.Tests.Contract.Grpc;

/// <summary>
/// Message frames made by hand, right and wrong ones.
/// </summary>
internal static class Frames
{
    public static byte[] Of(IMessage message) => Of(0, message.ToByteArray());

    public static byte[] Of(byte flag, byte[] payload) => [.. Header(flag, (uint)payload.Length), .. payload];

    public static byte[] Header(byte flag, uint length)
    {
        var header = new byte[5];
        header[0] = flag;
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(1), length);
        return header;
    }
}
