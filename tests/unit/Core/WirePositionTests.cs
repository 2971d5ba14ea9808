using Darq.Engine.Core;
using Xunit;

namespace Darq.Tests.Unit.Core;

public sealed class WirePositionTests
{
    [Theory]
    [InlineData("0:1-0")]
    [InlineData("7:1700000000000-42")]
    [InlineData("63:9223372036854775807-9223372036854775807")]
    public void A_position_reads_back_as_it_was_written(string text)
    {
        Assert.True(WirePosition.TryParse(text, 64, out var position));
        Assert.Equal(text, position.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("7")]
    [InlineData(":1-1")]
    [InlineData("7:")]
    [InlineData("7:1")]
    [InlineData("7:-1")]
    [InlineData("7:1-")]
    [InlineData("-7:1-1")]
    [InlineData("7:1--1")]
    [InlineData(" 7:1-1")]
    [InlineData("7:1-1 ")]
    [InlineData("64:1-1")]
    [InlineData("7:0-1")]
    [InlineData("4294967296:1-1")]
    [InlineData("7:9223372036854775808-1")]
    public void Anything_else_is_none(string text) => Assert.False(WirePosition.TryParse(text, 64, out _));
}
