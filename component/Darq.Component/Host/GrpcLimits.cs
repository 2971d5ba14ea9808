namespace Darq.Component.Host;

/// <summary>
/// The largest messages to receive and to send, in bytes without the frame's own five.
/// </summary>
internal static class GrpcLimits
{
    /// <summary>A transaction of 64 MiB, with its keys and what gRPC adds.</summary>
    public const int ReceiveMaxBytes = 80 * 1024 * 1024;

    /// <summary>What daprd accepts. One byte more would end a delivery stream for good, so it is refused before it is sent.</summary>
    public const int SendMaxBytes = 4 * 1024 * 1024;
}
