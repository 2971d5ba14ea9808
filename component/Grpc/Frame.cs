namespace Darq.Grpc;

/// <summary>
/// What stands before every message on the wire: a flag and the length of the message, big-endian.
/// </summary>
internal static class Frame
{
    public const int HeaderBytes = 5;
    public const byte Plain = 0;
    public const byte Compressed = 1;
}
