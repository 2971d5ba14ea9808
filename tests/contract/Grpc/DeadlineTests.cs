using Darq.Grpc;
using Darq.Tests.Contract.Grpc.Messages;
using Darq.Tests.Contract.Grpc.Server;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Contract.Grpc;

/// <summary>
/// The deadline as the server keeps it, on a clock that only the test turns.
/// </summary>
public sealed class DeadlineTests
{
    [Theory]
    [InlineData("2H", 2 * 3_600_000_000L)]
    [InlineData("3M", 3 * 60_000_000L)]
    [InlineData("4S", 4_000_000L)]
    [InlineData("50m", 50_000L)]
    [InlineData("600u", 600L)]
    [InlineData("7000n", 7L)]
    [InlineData("99999999u", 99_999_999L)]
    public async Task Handler_is_cancelled_exactly_when_the_timeout_is_over(string timeout, long microseconds)
    {
        var time = new HandTurnedTime();
        await using var server = await ConformanceServer.StartAsync(time);
        using var client = new WireClient(server.SocketPath);
        var calls = server.Service.Calls("k");
        var answer = client.CallAsync("Wait", Frames.Of(new Keyed { Key = "k" }), ("grpc-timeout", timeout));
        await Eventually.TrueAsync(() => calls.Started, TimeSpan.FromSeconds(10), "the handler runs");

        time.Advance(TimeSpan.FromMicroseconds(microseconds) - TimeSpan.FromTicks(1));
        Assert.False(calls.Cancelled);
        time.Advance(TimeSpan.FromTicks(1));
        Assert.Equal("4", (await answer).Status);
        Assert.True(calls.Cancelled);
        await server.IsUnharmedAsync();
    }

    [Theory]
    [InlineData("0S")]
    [InlineData("0n")]
    public async Task Call_that_arrives_too_late_is_not_run(string timeout)
    {
        await using var server = await ConformanceServer.StartAsync();
        using var client = new WireClient(server.SocketPath);
        var answer = await client.CallAsync("Wait", Frames.Of(new Keyed { Key = "late" }), ("grpc-timeout", timeout));
        Assert.Equal("4", answer.Status);
        Assert.False(server.Service.Calls("late").Started);
    }

    [Theory]
    [InlineData("99999999H")]
    [InlineData("99999999M")]
    public void Timeout_beyond_any_connection_is_no_timeout(string header)
    {
        Assert.True(CallTimeout.TryParse(header, out var timeout));
        Assert.Null(timeout);
    }

    [Fact]
    public void Nanoseconds_are_rounded_up()
    {
        Assert.True(CallTimeout.TryParse("1n", out var timeout));
        Assert.Equal(TimeSpan.FromTicks(1), timeout);
    }
}
