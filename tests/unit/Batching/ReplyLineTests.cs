using Darq.Engine.Batching;
using Darq.Engine.Core;
using Xunit;

namespace Darq.Tests.Unit.Batching;

public sealed class ReplyLineTests
{
    [Theory]
    [InlineData("OK 1-2 3", nameof(ReplyCode.Ok), "1-2 3")]
    [InlineData("DUPLICATE 1-2", nameof(ReplyCode.Duplicate), "1-2")]
    [InlineData("CONFLICT key", nameof(ReplyCode.Conflict), "key")]
    [InlineData("STALE", nameof(ReplyCode.Stale), "")]
    [InlineData("FULL t", nameof(ReplyCode.Full), "t")]
    [InlineData("FENCED", nameof(ReplyCode.Fenced), "")]
    [InlineData("BROKEN WRONGTYPE x", nameof(ReplyCode.Broken), "WRONGTYPE x")]
    [InlineData("ERROR WRONGTYPE x", nameof(ReplyCode.Error), "WRONGTYPE x")]
    [InlineData("OKAY 1", nameof(ReplyCode.Unknown), "1")]
    [InlineData("ok", nameof(ReplyCode.Unknown), "")]
    [InlineData("", nameof(ReplyCode.Unknown), "")]
    public void The_first_word_of_a_line_is_its_code_and_the_rest_is_kept(string line, string code, string rest)
    {
        var reply = new ReplyLine(line);

        Assert.Equal((code, rest, line), (reply.Code.ToString(), reply.Rest.ToString(), reply.ToString()));
    }

    [Fact]
    public void Every_code_is_the_first_word_of_some_line() =>
        Assert.All(Enum.GetNames<ReplyCode>(), code => Assert.Equal(code, new ReplyLine(code.ToUpperInvariant()).Code.ToString()));

    [Fact]
    public void Words_are_taken_off_one_by_one()
    {
        var rest = new ReplyLine("OK 1-2 3").Rest;

        Assert.Equal("1-2", ReplyLine.NextWord(ref rest).ToString());
        Assert.Equal("3", ReplyLine.NextWord(ref rest).ToString());
        Assert.Equal("", ReplyLine.NextWord(ref rest).ToString());
    }

    [Theory]
    [InlineData("BROKEN WRONGTYPE x", nameof(ErrorCode.Broken), "BROKEN WRONGTYPE x. darq doctor says why, darq repair mends it.")]
    [InlineData("FENCED", nameof(ErrorCode.Fenced), "delivered again")]
    [InlineData("ERROR WRONGTYPE x", nameof(ErrorCode.Misconfigured), "ERROR WRONGTYPE x")]
    [InlineData("FULL t", nameof(ErrorCode.Misconfigured), "FULL t")]
    [InlineData("what is this", nameof(ErrorCode.Misconfigured), "what is this")]
    public void A_line_that_refuses_says_why(string line, string code, string text)
    {
        var refused = new ReplyLine(line).ToException();

        Assert.Equal(code, refused.Code.ToString());
        Assert.StartsWith(code.ToUpperInvariant() + ": ", refused.Message, StringComparison.Ordinal);
        Assert.Contains(text, refused.Message, StringComparison.Ordinal);
    }
}
