using Darq.Partitions;
using Xunit;

namespace Darq.Tests.Unit.Partitions;

public sealed class RefusalsTests
{
    [Theory]
    [InlineData("BROKEN WRONGTYPE x", nameof(Refusal.Broken), "WRONGTYPE x")]
    [InlineData("FENCED", nameof(Refusal.Fenced), "delivered again")]
    [InlineData("ERROR WRONGTYPE x", nameof(Refusal.Misconfigured), "ERROR WRONGTYPE x")]
    public void A_reply_that_refuses_says_why(string reply, string refusal, string text)
    {
        var refused = Refusals.Of(reply);

        Assert.Equal(refusal, refused.Refusal.ToString());
        Assert.Contains(text, refused.Message, StringComparison.Ordinal);
    }
}
