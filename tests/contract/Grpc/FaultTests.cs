using Darq.Tests.Contract.Grpc.Messages;
using Darq.Tests.Contract.Grpc.Server;
using Darq.Tests.Shared;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Darq.Tests.Contract.Grpc;

/// <summary>
/// What a client, and what the log, learns of a handler that throws.
/// </summary>
public sealed class FaultTests
{
    private static readonly byte[] Nothing = Frames.Of(new Keyed());

    [Fact]
    public async Task Unexpected_fault_is_logged_whole_and_told_as_internal_without_its_text()
    {
        await using var server = await ConformanceServer.StartAsync();
        using var client = new WireClient(server.SocketPath);
        var answer = await client.CallAsync("Throw", Nothing);
        Assert.Equal("13", answer.Status);
        Assert.DoesNotContain(ConformanceService.Secret, answer.Message);
        var line = Assert.Single(server.Logs.Lines, line => line.Level == LogLevel.Error);
        Assert.Equal(ConformanceService.Secret, line.Fault!.Message);
    }

    [Fact]
    public async Task Fault_of_the_domain_is_told_as_its_translation_and_is_no_error()
    {
        await using var server = await ConformanceServer.StartAsync();
        using var client = new WireClient(server.SocketPath);
        var answer = await client.CallAsync("Refuse", Nothing);
        Assert.Equal("9", answer.Status);
        Assert.Equal("MISCONFIGURED: as the domain says", answer.Message);
        Assert.DoesNotContain(server.Logs.Lines, line => line.Level > LogLevel.Debug);
    }

    [Fact]
    public async Task Call_given_up_by_its_client_is_not_worth_more_than_a_debug_line()
    {
        await using var server = await ConformanceServer.StartAsync();
        using (var raw = new RawConnection(server.SocketPath))
        {
            raw.SendPreface();
            raw.SendRequestHeaders(1, "Wait");
            raw.Send(FrameType.Data, RawConnection.EndStream, 1, Frames.Of(new Keyed { Key = "gone" }));
            await Eventually.TrueAsync(() => server.Service.Calls("gone").Started, TimeSpan.FromSeconds(10), "the handler runs");
        }

        await server.IsUnharmedAsync();
        const string GivenUp = "/darq.conformance.Conformance/Wait was given up by its client or ended by its deadline.";
        Assert.Contains(server.Logs.Lines, line => line is { Level: LogLevel.Debug, Text: GivenUp });
        Assert.DoesNotContain(server.Logs.Lines, line => line.Level > LogLevel.Debug);
    }
}
