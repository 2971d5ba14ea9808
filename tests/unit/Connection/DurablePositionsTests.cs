using Darq.Engine.Connection;
using Darq.Engine.Core;
using Xunit;

namespace Darq.Tests.Unit.Connection;

/// <summary>How far what was applied is durable, and what a recovery says of that.</summary>
public sealed class DurablePositionsTests
{
    private readonly AppliedPositions _applied = new(1);

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

        Assert.Equal(isBroken, _applied.Compare(Survived(2, new(1, survived)))?.IsBrokenPromise);
    }

    [Fact]
    public void Data_that_an_operator_replaced_break_no_promise()
    {
        _applied.Note(0, new(1, 5));
        _applied.Confirm(_applied.Snapshot());

        var loss = _applied.Compare(Survived(2, default) with { Replaced = "former" });

        Assert.False(loss!.IsBrokenPromise);
    }

    [Fact]
    public void After_a_recovery_only_what_is_known_to_have_survived_does()
    {
        _applied.Compare(Survived(1, default));
        _applied.Note(0, new(1, 5));
        _applied.Compare(Survived(2, new(1, 4)));

        Assert.True(_applied.Survives(0, new(1, 4)));
        Assert.False(_applied.Survives(0, new(1, 5)));
        _applied.Compare(Survived(2, new(2, 0)));
        Assert.False(_applied.Survives(0, new(1, 5)));
        Assert.True(_applied.Survives(0, new(2, 5)));
        _applied.Compare(Survived(3, new(2, 4)));
        Assert.False(_applied.Survives(0, new(1, 4)));
    }

    private static HandshakeResult Survived(long worldLine, Position position) => new(worldLine, "r", true, [position], [], new("s", 0));
}
