using System.Net.Sockets;
using System.Security.Authentication;
using Darq.Engine.Redis;
using Xunit;

namespace Darq.Tests.Unit.Redis;

public sealed class ConnectionFaultsTests
{
    [Theory]
    [InlineData(SocketError.ConnectionRefused, "connection refused")]
    [InlineData(SocketError.HostNotFound, "host name unknown")]
    [InlineData(SocketError.TimedOut, "no answer in time")]
    [InlineData(SocketError.NetworkUnreachable, "host unreachable")]
    public void The_cause_is_found_among_its_wrappings(SocketError error, string why) =>
        Assert.Equal(
            why,
            ConnectionFaults.Describe(new IOException("outer", new IOException("inner", new SocketException((int)error))), usesTls: true)
        );

    [Fact]
    public void A_failed_TLS_handshake_says_what_failed() =>
        Assert.Equal(
            "TLS handshake failed: no common version",
            ConnectionFaults.Describe(new AuthenticationException("no common version"), usesTls: true)
        );

    [Theory]
    [InlineData(true, "TLS handshake failed")]
    [InlineData(false, "connection closed before Redis answered")]
    public void A_connection_that_ends_without_a_cause_is_told_by_what_was_tried(bool usesTls, string why)
    {
        Assert.Equal(why, ConnectionFaults.Describe(null, usesTls));
        Assert.Equal(why, ConnectionFaults.Describe(new SocketException((int)SocketError.OperationAborted), usesTls));
    }
}
