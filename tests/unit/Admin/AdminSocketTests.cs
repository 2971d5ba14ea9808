using Darq.Component.Admin;
using Darq.Component.Host;
using Darq.Tests.Shared;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Darq.Tests.Unit.Admin;

public sealed class AdminSocketTests
{
    private readonly RecordedLog _log = new();

    [Fact]
    public void Port_0_gets_a_free_port_which_the_log_names()
    {
        using var socket = Open("127.0.0.1:0");

        socket.Announce(_log);

        Assert.NotEqual(0, socket.Address!.Port);
        Assert.Equal($"Admin endpoint on http://{socket.Address}: /healthz, /readyz, /metrics", Assert.Single(_log.Lines).Text);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_address_that_is_taken_costs_the_endpoint_and_a_warning_that_names_the_variable(bool isChosen)
    {
        using var first = Open("127.0.0.1:0");

        using var second = AdminSocket.Open(new(first.Address, isChosen));
        second.Announce(_log);

        Assert.Null(second.Address);
        var line = Assert.Single(_log.Lines);
        Assert.Equal(LogLevel.Warning, line.Level);
        Assert.StartsWith($"There is no admin endpoint on {first.Address} (", line.Text, StringComparison.Ordinal);
        Assert.Contains("DARQ_ADMIN_ADDRESS", line.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_chosen_address_that_the_machine_does_not_have_is_refused()
    {
        var refused = Assert.Throws<SocketRefusedException>(() => Open("192.0.2.1:9464")).Message;

        Assert.StartsWith("DARQ_ADMIN_ADDRESS: cannot listen on 192.0.2.1:9464: ", refused, StringComparison.Ordinal);
    }

    [Fact]
    public void An_endpoint_that_is_off_says_nothing()
    {
        using var socket = Open("off");

        socket.Announce(_log);

        Assert.Null(socket.Address);
        Assert.Empty(_log.Lines);
    }

    private static AdminSocket Open(string address) => AdminSocket.Open(AdminOptions.Read(_ => address));
}
