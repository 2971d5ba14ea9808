using Darq.Engine.Core;
using Xunit;

namespace Darq.Tests.Unit.Core;

public sealed class PositionTests
{
    [Fact]
    public void The_world_line_orders_before_the_number()
    {
        Position[] rising = [new(0, 0), new(1, 5), new(1, 10), new(2, 1)];

        Assert.Equal(rising, rising.Reverse().Order());
        Assert.True(rising[2] > rising[1] && rising[2] < rising[3] && rising[2] >= rising[2] && rising[2] <= rising[2]);
        Assert.False(rising[2] > rising[3] || rising[2] < rising[1] || rising[1] >= rising[2] || rising[3] <= rising[2]);
    }

    [Fact]
    public void Text_and_back_is_the_same()
    {
        var position = new Position(1_700_000_000_000, long.MaxValue);

        Assert.Equal("1700000000000-9223372036854775807", position.ToString());
        Assert.Equal(position, Position.Parse(position.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("1")]
    [InlineData("1-")]
    [InlineData("-1")]
    [InlineData("1-2-3")]
    [InlineData("1--2")]
    [InlineData(" 1-2")]
    [InlineData("+1-2")]
    [InlineData("1-2 ")]
    [InlineData("1-٣")]
    [InlineData("1-9223372036854775808")]
    public void What_is_no_position_is_refused(string text)
    {
        Assert.False(Position.TryParse(text, out _));
        Assert.ThrowsAny<Exception>(() => Position.Parse(text));
    }
}
