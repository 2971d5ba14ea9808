using System.Net;
using Darq.Component.Admin;
using Darq.Component.Host;
using Xunit;

namespace Darq.Tests.Unit.Admin;

public sealed class AdminOptionsTests
{
    [Theory]
    [InlineData(null, "127.0.0.1:9464")]
    [InlineData("", "127.0.0.1:9464")]
    [InlineData("127.0.0.1:0", "127.0.0.1:0")]
    [InlineData("localhost:9000", "127.0.0.1:9000")]
    [InlineData("0.0.0.0:9464", "0.0.0.0:9464")]
    [InlineData("[::1]:9464", "[::1]:9464")]
    public void An_address_and_a_port_are_accepted(string? text, string address) =>
        Assert.Equal(IPEndPoint.Parse(address), Read(text).Address);

    [Theory]
    [InlineData("off")]
    [InlineData("OFF")]
    public void It_can_be_off(string text) => Assert.Null(Read(text).Address);

    [Theory]
    [InlineData("9464")]
    [InlineData("9464:9464")]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:")]
    [InlineData("127.0.0.1:70000")]
    [InlineData("::1:9464")]
    [InlineData("[127.0.0.1]:9464")]
    [InlineData("example.org:9464")]
    [InlineData("none")]
    public void Anything_else_is_refused_with_variable_value_and_form(string text)
    {
        var refused = Assert.Throws<SocketRefusedException>(() => Read(text)).Message;

        Assert.StartsWith(
            $"DARQ_ADMIN_ADDRESS: \"{text}\" is not accepted; give an IP address or localhost with a port",
            refused,
            StringComparison.Ordinal
        );
        Assert.EndsWith("or off", refused, StringComparison.Ordinal);
    }

    private static AdminOptions Read(string? text) => AdminOptions.Read(name => name == "DARQ_ADMIN_ADDRESS" ? text : null);
}
