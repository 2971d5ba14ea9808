using Darq.Engine.Connection;
using Darq.Engine.Core;
using Xunit;

namespace Darq.Tests.Unit.Connection;

/// <summary>How far what was applied is durable, and what a recovery says of that.</summary>
public sealed class DurablePositionsTests
{
    private readonly AppliedPositions _applied = new(1);

    public DurablePositionsTests() => Compare(Survived(1, default));

    [Fact]
    public void A_round_confirms_what_was_applied_when_it_began_and_nothing_later()
    {
        _applied.Note(0, new(1, 5));
        var began = _applied.Snapshot();
        _applied.Note(0, new(1, 6));

        _applied.Confirm(began);

        Assert.True(_applied.IsDurable(0, new(1, 5)));
        Assert.False(_applied.IsDurable(0, new(1, 6)));
    }

    [Theory]
    [InlineData(4, true)]
    [InlineData(5, false)]
    public void A_promise_is_broken_where_less_survived_than_was_confirmed(long survived, bool isBroken)
    {
        _applied.Note(0, new(1, 5));
        _applied.Confirm(_applied.Snapshot());
        _applied.Note(0, new(1, 6));

        Assert.Equal(isBroken, Compare(Survived(2, new(1, survived)))?.IsBrokenPromise);
    }

    [Fact]
    public void Data_that_an_operator_replaced_break_no_promise()
    {
        _applied.Note(0, new(1, 5));
        _applied.Confirm(_applied.Snapshot());

        var loss = Compare(Survived(2, default) with { Replaced = "former" });

        Assert.False(loss!.IsBrokenPromise);
    }

    [Fact]
    public void After_a_recovery_only_what_is_known_to_have_survived_does()
    {
        Compare(Survived(1, default));
        _applied.Note(0, new(1, 5));
        Compare(Survived(2, new(1, 4)));

        Assert.True(_applied.Survives(0, new(1, 4)));
        Assert.False(_applied.Survives(0, new(1, 5)));
        Compare(Survived(2, new(2, 0)));
        Assert.False(_applied.Survives(0, new(1, 5)));
        Assert.True(_applied.Survives(0, new(2, 5)));
        Compare(Survived(3, new(2, 4)));
        Assert.False(_applied.Survives(0, new(1, 4)));
    }

    [Fact]
    public void What_is_only_forgotten_breaks_no_promise()
    {
        _applied.Note(0, new(1, 5));
        _applied.Confirm(_applied.Snapshot());

        var loss = Compare(Survived(99, default) with { Forgotten = true });

        Assert.False(loss!.IsBrokenPromise);
    }

    [Fact]
    public void A_newer_position_that_was_read_before_the_handshake_hides_no_broken_promise()
    {
        Compare(Survived(1, default));
        _applied.Note(0, new(1, 5));
        _applied.Confirm(_applied.Snapshot());
        _applied.Note(0, new(2, 6));

        Assert.True(Compare(Survived(2, new(1, 4)))!.IsBrokenPromise);
        Assert.Equal(new(2, 6), _applied.Snapshot()[0]);
        Assert.False(_applied.IsDurable(0, new(1, 5)));
    }

    [Fact]
    public void A_position_of_a_world_line_that_this_Redis_never_began_is_no_loss()
    {
        Compare(Survived(1, default));
        _applied.Note(0, new(9, 5));
        _applied.Confirm(_applied.Snapshot());

        Assert.Null(Compare(Survived(2, new(1, 4))));
        Assert.Equal(new(1, 4), _applied.Snapshot()[0]);
    }

    [Fact]
    public void A_position_that_came_with_values_from_elsewhere_breaks_no_promise()
    {
        Compare(Survived(1, default));
        _applied.Note(0, new(5, 5));
        _applied.Confirm(_applied.Snapshot());

        Assert.False(Compare(Survived(9, new(1, 4)))!.IsBrokenPromise);
    }

    [Fact]
    public void A_loss_that_no_handshake_saw_is_told_once()
    {
        var losses = new List<Loss>();
        var applied = new AppliedPositions(1, losses.Add);
        Compare(applied, Survived(1, default));
        Compare(applied, Survived(2, new(1, 4)));
        applied.Note(0, new(1, 5));
        applied.Note(0, new(1, 5));

        Assert.Equal(new(1, 5), Assert.Single(losses).Applied);
    }

    [Fact]
    public void A_promise_about_what_was_noted_after_Redis_was_asked_is_not_broken()
    {
        _applied.Note(0, new(1, 5));
        var whenAsked = _applied.Snapshot();
        _applied.Note(0, new(1, 7));
        _applied.Confirm(_applied.Snapshot());

        Assert.Null(_applied.Compare(Survived(1, new(1, 6)), whenAsked));
        Assert.True(_applied.IsDurable(0, new(1, 7)));
    }

    private Loss? Compare(HandshakeResult report) => Compare(_applied, report);

    private static Loss? Compare(AppliedPositions applied, HandshakeResult report) => applied.Compare(report, applied.Snapshot());

    private static HandshakeResult Survived(long worldLine, Position position) => new(worldLine, "r", [position], [], new("s", 0));
}
