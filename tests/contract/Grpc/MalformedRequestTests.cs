using Darq.Tests.Contract.Grpc.Messages;
using Darq.Tests.Contract.Grpc.Server;
using Xunit;

namespace Darq.Tests.Contract.Grpc;

/// <summary>
/// Requests that no gRPC client sends: each is answered with a status that says what is wrong, and leaves no trace.
/// </summary>
public sealed class MalformedRequestTests : IAsyncLifetime
{
    private static readonly byte[] Valid = Frames.Of(new Message { Number = 1, Text = "valid" });

    private ConformanceServer _server = null!;

    /// <summary>Requests whose fault the library answers with Unknown.</summary>
    public static TheoryData<string, byte[]> Malformed =>
        new()
        {
            { "the largest length there is", [.. Frames.Header(0, uint.MaxValue), 1, 2, 3] },
            { "a length that is negative when signed", [.. Frames.Header(0, 0x8000_0000), 1, 2, 3] },
            { "a flag that does not exist", Frames.Of(2, [8, 1]) },
            { "all bits of the flag", Frames.Of(255, [8, 1]) },
            { "a payload that is no message", Frames.Of(0, [0xff, 0xff, 0xff, 0xff]) },
            { "a field longer than its message", Frames.Of(0, [0x12, 0x7f, 1, 2]) },
            { "groups nested without end", Frames.Of(0, [.. Enumerable.Repeat((byte)0x0b, 100_000)]) },
        };

    [Theory]
    [MemberData(nameof(Malformed))]
    public async Task Malformed_unary_request_is_told_as_internal_and_not_as_unknown(string what, byte[] body)
    {
        using var client = new WireClient(_server.SocketPath);
        var answer = await client.CallAsync("Echo", body);
        Assert.True(answer.Status == "13", $"{what}: got {answer.Status} {answer.Message}");
        Assert.True(answer.IsTrailersOnly, what);
        Assert.Empty(answer.Body);
        await _server.IsUnharmedAsync();
    }

    [Theory]
    [MemberData(nameof(Malformed))]
    public async Task Malformed_frame_on_a_stream_is_told_as_internal_after_the_messages_before_it(string what, byte[] tail)
    {
        using var client = new WireClient(_server.SocketPath);
        var answer = await client.CallAsync("Converse", [.. Valid, .. tail]);
        Assert.True(answer.Status == "13", $"{what}: got {answer.Status} {answer.Message}");
        Assert.Equal(Valid, answer.Body);
        await _server.IsUnharmedAsync();
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task Compressed_message_is_refused_with_the_encodings_that_are_accepted(string encoding)
    {
        using var client = new WireClient(_server.SocketPath);
        var answer = await client.CallAsync("Echo", Frames.Of(1, [31, 139, 8]), ("grpc-encoding", encoding));
        Assert.Equal("12", answer.Status);
        Assert.Equal("identity", answer.Value("grpc-accept-encoding"));
        await _server.IsUnharmedAsync();
    }

    [Fact]
    public async Task Plain_message_is_served_whatever_encoding_is_announced()
    {
        using var client = new WireClient(_server.SocketPath);
        Assert.Equal("0", (await client.CallAsync("Echo", Valid, ("grpc-encoding", "gzip"))).Status);
    }

    public async ValueTask InitializeAsync() => _server = await ConformanceServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        Assert.DoesNotContain(_server.Logs.Lines, line => line.Level > Microsoft.Extensions.Logging.LogLevel.Debug);
        await _server.DisposeAsync();
    }
}
