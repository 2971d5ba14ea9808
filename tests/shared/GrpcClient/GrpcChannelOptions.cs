namespace Darq.Tests.Shared.GrpcClient;

/// <summary>What a channel may be told: limits in bytes, and the HTTP/2 receive window of one stream.</summary>
internal sealed record GrpcChannelOptions
{
    /// <summary>The largest message accepted from the server; 4 MiB is the default of every gRPC library.</summary>
    public int MaxReceiveBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>
    /// What a server may send on a stream that nobody reads; 65,535 is HTTP/2's own start value and the smallest allowed here. HttpClient
    /// lets it grow with the measured round trip, unless the process sets System.Net.SocketsHttpHandler.Http2FlowControl.DisableDynamicWindowSizing.
    /// </summary>
    public int StreamWindowBytes { get; init; } = 65_535;
}

/// <summary>What a single call may be told.</summary>
internal readonly record struct GrpcCallOptions(GrpcMetadata? Metadata = null, TimeSpan? Timeout = null, CancellationToken Cancellation = default);
