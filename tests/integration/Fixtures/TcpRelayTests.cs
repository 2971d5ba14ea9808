using System.Net;
using System.Net.Sockets;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Fixtures;

/// <summary>An address that passes connections on.</summary>
public sealed class TcpRelayTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Relay_that_ends_closes_the_connections_of_its_clients()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var relay = new TcpRelay(((IPEndPoint)server.LocalEndpoint).Port);
        using var client = new TcpClient();
        await client.ConnectAsync(IPEndPoint.Parse(relay.Host), cancellation);
        using var served = await server.AcceptTcpClientAsync(cancellation);

        await relay.DisposeAsync().AsTask().WaitAsync(Patience, cancellation);

        Assert.Equal(0, await client.GetStream().ReadAsync(new byte[1], cancellation).AsTask().WaitAsync(Patience, cancellation));
    }
}
