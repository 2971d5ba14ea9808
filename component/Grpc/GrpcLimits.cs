namespace Darq.Grpc;

/// <summary>
/// The largest messages that are taken from a client and given to one, in bytes without the frame's own five.
/// </summary>
internal sealed record GrpcLimits
{
    public static readonly GrpcLimits Default = new();

    /// <summary>Four times what daprd allows its apps, because <c>response_data</c> of a binding's Read is not limited there.</summary>
    public int ReceiveMaxBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>What daprd accepts. One byte more would end a delivery stream for good, so it is refused before it is sent.</summary>
    public int SendMaxBytes { get; init; } = 4 * 1024 * 1024;
}
