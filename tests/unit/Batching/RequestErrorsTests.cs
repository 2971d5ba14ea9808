using Darq.Engine.Batching;
using Darq.Engine.Core;
using Xunit;

namespace Darq.Tests.Unit.Batching;

public sealed class RequestErrorsTests
{
    [Theory]
    [InlineData("BROKEN WRONGTYPE x", nameof(ErrorCode.Broken), "WRONGTYPE x")]
    [InlineData("FENCED", nameof(ErrorCode.Fenced), "delivered again")]
    [InlineData("ERROR WRONGTYPE x", nameof(ErrorCode.Misconfigured), "ERROR WRONGTYPE x")]
    public void A_reply_that_refuses_says_why(string reply, string refusal, string text)
    {
        var refused = RequestErrors.Of(reply);

        Assert.Equal(refusal, refused.Code.ToString());
        Assert.Contains(text, refused.Message, StringComparison.Ordinal);
    }
}
