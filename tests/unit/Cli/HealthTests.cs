using System.CommandLine;
using System.Net;
using System.Text;
using Darq.Component.Cli;
using Darq.Component.Cli.Health;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Unit.Cli;

/// <summary><c>darq health</c>: whom it asks, and what it makes of the answer.</summary>
public sealed class HealthTests
{
    [Theory]
    [InlineData(null, null, "127.0.0.1:9464")]
    [InlineData(null, "", "127.0.0.1:9464")]
    [InlineData(null, "127.0.0.1:7000", "127.0.0.1:7000")]
    [InlineData(null, "0.0.0.0:7000", "127.0.0.1:7000")]
    [InlineData(null, "[::]:7000", "[::1]:7000")]
    [InlineData("localhost:7001", "127.0.0.1:7000", "127.0.0.1:7001")]
    [InlineData("10.0.0.7:7001", "off", "10.0.0.7:7001")]
    public void The_option_wins_over_the_variable_and_that_over_the_default(string? option, string? variable, string address) =>
        Assert.Equal(address, AdminTarget.Read(option, name => name == "DARQ_ADMIN_ADDRESS" ? variable : null).Address?.ToString());

    [Theory]
    [InlineData(null, "off", "DARQ_ADMIN_ADDRESS is off: there is no admin endpoint to ask; give the component one, such as 127.0.0.1:")]
    [InlineData(null, "host:1", "DARQ_ADMIN_ADDRESS: \"host:1\" is not accepted; give an IP address or localhost with a port")]
    [InlineData("9464", null, "--admin: \"9464\" is not accepted; give an IP address or localhost with a port")]
    [InlineData("", null, "--admin: \"\" is not accepted; give an IP address or localhost with a port")]
    [InlineData(null, "127.0.0.1:0", "DARQ_ADMIN_ADDRESS: \"127.0.0.1:0\" leaves the port open; give --admin with the one")]
    public void An_address_that_cannot_be_asked_is_named_with_the_accepted_form(string? option, string? variable, string error)
    {
        var target = AdminTarget.Read(option, _ => variable);

        Assert.Null(target.Address);
        Assert.StartsWith(error, target.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(200, """{"alive":true,"reasons":[]}""", 0, "alive")]
    [InlineData(503, """{"alive":false,"reasons":["a","b\u001b[31m"]}""", 1, "not alive: a; b?[31m")]
    [InlineData(200, """{"ready":true,"reasons":[]}""", 0, "ready", "--ready")]
    [InlineData(503, """{"ready":false,"reasons":["no Redis"]}""", 1, "not ready: no Redis", "--ready")]
    public async Task The_answer_becomes_one_line_and_an_exit_code(int status, string body, int code, string line, params string[] options)
    {
        using var server = new Answering(status, body);

        var run = await RunAsync(["health", "--admin", server.Address, .. options]);

        Assert.Equal((code, line + "\n", ""), run);
        Assert.Equal(options.Length == 0 ? "/healthz" : "/readyz", await server.Asked);
    }

    [Theory]
    [InlineData(404, "Nothing is here")]
    [InlineData(200, """{"status":"ok"}""")]
    [InlineData(200, """{"alive":"yes"}""")]
    [InlineData(200, "[]")]
    public async Task Another_server_is_not_taken_for_a_component(int status, string body)
    {
        using var server = new Answering(status, body);

        var (code, output, error) = await RunAsync(["health", "--admin", server.Address]);

        Assert.Equal((2, ""), (code, output));
        var who = $"darq: what answers at {server.Address} is no admin endpoint of darq (status {status})";
        Assert.StartsWith(who, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nobody_listens_the_address_is_named()
    {
        var address = $"127.0.0.1:{FreePort.Next()}";

        var (code, output, error) = await RunAsync(["health", "--admin", address]);

        Assert.Equal((2, ""), (code, output));
        Assert.StartsWith($"darq: nobody answers at {address} (Connection refused)", error, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var code = await CommandLine
            .Create(() => Task.FromResult(0), TimeProvider.System)
            .Parse(arguments)
            .InvokeAsync(new InvocationConfiguration { Output = output, Error = error }, TestContext.Current.CancellationToken);
        return (code, output.ToString(), error.ToString());
    }

    /// <summary>An HTTP server that gives one answer.</summary>
    private sealed class Answering : IDisposable
    {
        private readonly HttpListener _listener = new();

        public Answering(int status, string body)
        {
            Address = $"127.0.0.1:{FreePort.Next()}";
            _listener.Prefixes.Add($"http://{Address}/");
            _listener.Start();
            Asked = AnswerAsync(status, body);
        }

        public string Address { get; }

        /// <summary>The path of the request.</summary>
        public Task<string> Asked { get; }

        public void Dispose() => _listener.Close();

        private async Task<string> AnswerAsync(int status, string body)
        {
            var context = await _listener.GetContextAsync();
            context.Response.StatusCode = status;
            context.Response.Close(Encoding.UTF8.GetBytes(body), willBlock: true);
            return context.Request.Url!.AbsolutePath;
        }
    }
}
