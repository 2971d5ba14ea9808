using Darq.Engine.Connection;
using Darq.Engine.Core;
using Xunit;

namespace Darq.Tests.Unit.Connection;

public sealed class AppliedPositionsTests
{
    private readonly AppliedPositions _applied = new(3);

    [Fact]
    public void What_survived_whole_is_no_loss()
    {
        _applied.Note(0, new(1, 5));

        Assert.Null(Compare(Survived(new(1, 5), new(0, 0), new(1, 9))));
    }

    [Fact]
    public void Each_partition_that_survived_with_less_counts()
    {
        _applied.Note(0, new(1, 5));
        _applied.Note(1, new(1, 7));
        _applied.Note(2, new(1, 7));

        Assert.Equal(new Loss(2, 2, new(1, 7), new(1, 6)), Compare(Survived(new(1, 4), new(1, 7), new(1, 6))));
    }

    [Fact]
    public void An_earlier_world_line_is_a_loss_whatever_its_number()
    {
        _applied.Note(0, new(2, 1));

        Assert.Equal(1, Compare(Survived(new(1, 100), default, default) with { WorldLine = 3 })?.Count);
    }

    [Fact]
    public void What_was_read_of_the_world_line_that_goes_on_is_no_loss()
    {
        _applied.Note(0, new(3, 6));

        Assert.Null(Compare(Survived(new(2, 5), default, default) with { WorldLine = 3 }));
    }

    [Fact]
    public void A_lower_position_that_is_heard_later_hides_nothing()
    {
        _applied.Note(0, new(1, 5));
        _applied.Note(0, new(1, 3));

        Assert.Equal(new(1, 5), Compare(Survived(new(1, 4), default, default))?.Applied);
    }

    [Fact]
    public void A_reply_that_is_read_after_the_handshake_that_lost_its_write_is_told_as_a_loss()
    {
        var lost = new List<Loss>();
        var applied = new AppliedPositions(3, lost.Add);
        Compare(applied, Survived(default, default, default));
        applied.Note(0, new(1, 4));
        Assert.Null(Compare(applied, Survived(new(1, 4), new(1, 9), default) with { WorldLine = 2 }));

        applied.Note(0, new(1, 5));
        applied.Note(1, new(1, 9));
        applied.Note(0, new(2, 5));

        Assert.Equal([new Loss(1, 0, new(1, 5), new(1, 4))], lost);
    }

    [Fact]
    public void A_repeated_step_of_a_world_line_that_this_process_slept_through_is_no_loss()
    {
        var lost = new List<Loss>();
        var applied = new AppliedPositions(3, lost.Add);
        Compare(applied, Survived(default, default, default));
        Compare(applied, Survived(new(1, 4), default, default) with { WorldLine = 3 });

        applied.Note(0, new(2, 5));

        Assert.Empty(lost);
    }

    [Fact]
    public void A_loss_is_told_once()
    {
        _applied.Note(0, new(1, 5));

        Assert.NotNull(Compare(Survived(new(1, 4), default, default)));
        Assert.Null(Compare(Survived(new(1, 4), default, default)));
    }

    [Fact]
    public void What_was_noted_after_Redis_was_asked_is_no_loss_in_the_world_line_that_goes_on()
    {
        _applied.Note(0, new(1, 5));
        _applied.Note(1, new(1, 5));
        var whenAsked = _applied.Snapshot();
        _applied.Note(0, new(1, 7));
        _applied.Note(1, new(1, 7));

        Assert.Equal(new Loss(1, 1, new(1, 7), new(1, 4)), _applied.Compare(Survived(new(1, 5), new(1, 4), default), whenAsked));
        Assert.Equal(new(1, 7), _applied.Snapshot()[0]);
    }

    [Fact]
    public void What_was_noted_after_Redis_was_asked_is_lost_with_a_world_line_that_ended()
    {
        var whenAsked = _applied.Snapshot();
        _applied.Note(0, new(1, 5));

        Assert.NotNull(_applied.Compare(Survived(new(1, 4), default, default) with { WorldLine = 2 }, whenAsked));
    }

    private Loss? Compare(HandshakeResult report) => Compare(_applied, report);

    private static Loss? Compare(AppliedPositions applied, HandshakeResult report) => applied.Compare(report, applied.Snapshot());

    private static HandshakeResult Survived(params Position[] positions) => new(1, "boot", positions, [], new("s", 0));
}
