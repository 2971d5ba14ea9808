using Darq.Engine.Core;
using Xunit;

namespace Darq.Tests.Unit.Core;

public sealed class AckLevelTests
{
    [Fact]
    public void One_part_that_wants_to_be_durable_makes_the_whole_durable() =>
        Assert.Equal(AckLevel.Durable, AckLevels.Together([AckLevel.Speculative, null, AckLevel.Durable]));

    [Fact]
    public void The_whole_is_speculative_where_all_parts_are() =>
        Assert.Equal(AckLevel.Speculative, AckLevels.Together([AckLevel.Speculative, AckLevel.Speculative]));

    [Fact]
    public void Where_a_part_says_nothing_the_component_decides() => Assert.Null(AckLevels.Together([AckLevel.Speculative, null]));

    [Fact]
    public void Nothing_says_nothing() => Assert.Null(AckLevels.Together([]));

    [Fact]
    public void Another_word_is_refused_with_those_that_are_accepted()
    {
        var refused = Assert.Throws<DarqException>(() => AckLevels.Read("darq.ack", "soon"));

        Assert.Equal(
            (ErrorCode.Invalid, "INVALID: darq.ack is 'soon'; accepted: durable or speculative."),
            (refused.Code, refused.Message)
        );
    }
}
