namespace Darq.Component.Host;

/// <summary>
/// The largest messages to receive and to send, in bytes without the frame's own five.
/// </summary>
internal static class GrpcLimits
{
    /// <summary>Four times what daprd allows its apps, because <c>response_data</c> of a binding's Read is not limited there.</summary>
    public const int ReceiveMaxBytes = 16 * 1024 * 1024;

    /// <summary>What daprd accepts. One byte more would end a delivery stream for good, so it is refused before it is sent.</summary>
    public const int SendMaxBytes = 4 * 1024 * 1024;
}
