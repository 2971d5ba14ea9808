namespace Darq.Tests.Integration.EndToEnd;

/// <summary>An app that a sidecar calls.</summary>
internal interface IPodApp : IAsyncDisposable
{
    int Port { get; }

    /// <summary>What it speaks: http or grpc.</summary>
    string Protocol { get; }
}
