using Darq.Component.Dapr;
using Xunit;

namespace Darq.Tests.Unit.Dapr;

/// <summary>The texts are those of recordings of daprd, with the port filled in.</summary>
public sealed class NackTextTests
{
    private const string Delivery = "error returned from app channel while sending pub/sub event to app: retriable error occurred: ";

    [Theory]
    [InlineData(Delivery + "Post \"http://127.0.0.1:80/orders\": dial tcp 127.0.0.1:80: connect: connection refused")]
    [InlineData(Delivery + "Post \"http://127.0.0.1:80/orders\": EOF")]
    [InlineData(Delivery + "Post \"http://127.0.0.1:80/orders\": read tcp 127.0.0.1:9->127.0.0.1:80: read: connection reset by peer")]
    [InlineData("error invoking app: Post \"http://127.0.0.1:80/work\": dial tcp 127.0.0.1:80: connect: connection refused")]
    [InlineData("error invoking app: Post \"http://127.0.0.1:80/work\": unexpected EOF")]
    [InlineData(
        "error returned from app while processing pub/sub event 1: retriable error occurred: rpc error: code = Unavailable desc = "
            + "connection error: desc = \"transport: Error while dialing: dial tcp 127.0.0.1:80: connect: connection refused\""
    )]
    [InlineData("input binding is closed")]
    public void A_call_that_failed_in_transport_shows_that_the_app_is_gone(string text) => Assert.True(NackText.IsAppGone(text));

    [Theory]
    [InlineData("")]
    [InlineData("EOF")]
    [InlineData("connection refused")]
    [InlineData("RETRY status returned from app while processing pub/sub event 2: retriable error occurred")]
    [InlineData(
        "error returned from app while processing pub/sub event x: retriable error occurred: rpc error: code = Unavailable desc = later"
    )]
    [InlineData("rpc error: code = Unavailable desc = away")]
    [InlineData(Delivery + "Post \"http://127.0.0.1:80/orders\": net/http: invalid header field name \"\"")]
    [InlineData("error invoking app: rpc error: code = Unknown desc = dial tcp 127.0.0.1:5432: connect: connection refused")]
    [InlineData("error invoking app: rpc error: code = Internal desc = unexpected EOF")]
    [InlineData("error invoking app: context deadline exceeded")]
    [InlineData("error invoking app: response object is nil")]
    [InlineData("fails to send binding event to http app channel, status code: 500 body: connection refused")]
    [InlineData(
        "retriable error occurred: retriable error returned from app while processing pub/sub event 1, topic: <nil>, body: EOF. "
            + "status code returned: 500"
    )]
    [InlineData("pubsub message dropped")]
    public void Any_other_text_is_an_ordinary_failure(string text) => Assert.False(NackText.IsAppGone(text));
}
