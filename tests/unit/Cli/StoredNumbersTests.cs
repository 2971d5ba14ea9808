using Darq.Component.Cli.Data;
using Xunit;

namespace Darq.Tests.Unit.Cli;

/// <summary>The packed texts as the function library writes them, and what it would not read.</summary>
public sealed class StoredNumbersTests
{
    [Theory]
    [InlineData("7 300 4 1 - billing,audit")]
    [InlineData("7 300 4 1 * ")]
    [InlineData("0 0 0 0 4f2a ")]
    public void Numbers_of_a_topic_are_read_and_written(string text) => Assert.Equal(text, TopicNumbers.Parse(text)!.ToString());

    [Theory]
    [InlineData("")]
    [InlineData("planted")]
    [InlineData("7 300 4 1 -")]
    [InlineData("7 300 4 1 - a b")]
    [InlineData("-7 300 4 1 - a")]
    [InlineData("7.5 300 4 1 - a")]
    [InlineData("99999999999999999999 300 4 1 - a")]
    public void Damaged_numbers_of_a_topic_are_none(string text) => Assert.Null(TopicNumbers.Parse(text));

    [Theory]
    [InlineData("s1 17.2 17-5 1 4 0 1 0 3 6:2")]
    [InlineData("- - 0-0 0 0 0 0 0 0 0:0")]
    public void Lane_is_read_and_written(string text) => Assert.Equal(text, LaneNumbers.Parse(text)!.ToString());

    [Theory]
    [InlineData("")]
    [InlineData("s1 17.2 17-5 1 4 0 1 0 3")]
    [InlineData("s1 17.2 17:5 1 4 0 1 0 3 6:2")]
    [InlineData("s1 token 17-5 1 4 0 1 0 3 6:2")]
    [InlineData("s1 17.2 17-5 1 4 0 1 0 3 6")]
    [InlineData("s1 17.2 17-5 1 4 0 1 0 x 6:2")]
    [InlineData("s1 17.2 17-5 1 4 0 1 0 3 6:2 ")]
    public void Damaged_lane_is_none(string text) => Assert.Null(LaneNumbers.Parse(text));

    [Fact]
    public void Lane_has_its_words_in_order() =>
        Assert.Equal(new LaneNumbers("s1", "17.2", "18", 5, 1, 4, 2, 7, 8, 3, 6, 9), LaneNumbers.Parse("s1 17.2 18-5 1 4 2 7 8 3 6:9"));

    [Theory]
    [InlineData("3 1700000000000 60000", true)]
    [InlineData("0 0 0", true)]
    [InlineData("3 17", false)]
    [InlineData("3 x 60000", false)]
    public void Buckets_are_read(string text, bool isSound) => Assert.Equal(isSound ? text : null, BucketNumbers.Parse(text)?.ToString());

    [Theory]
    [InlineData("3:7:17", true)]
    [InlineData("7:3:17", false)]
    [InlineData("0:3:17", false)]
    [InlineData("3:7", false)]
    [InlineData("planted", false)]
    public void Acked_range_is_read(string text, bool isSound) => Assert.Equal(isSound ? text : null, AckedRange.Parse(text)?.ToString());
}
