using Darq.Engine.Core;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Darq.Tests.Unit.Core;

public sealed class MessageIdsTests
{
    [Fact]
    public void No_two_ids_are_alike_whoever_makes_them()
    {
        var ids = new MessageIds(new Random(1));
        var range = ids.Take(3);

        string[] made = [ids.Next(), range[0], range[1], range[2], ids.Next(), new MessageIds(new Random(2)).Next()];

        Assert.Equal(6, made.Distinct().Count());
    }

    [Theory]
    [InlineData("order-7", "order-7")]
    [InlineData("0123456789abcdef-42", "0123456789abcdef-42")]
    public void A_short_plain_id_is_its_own_mark(string id, string mark) => Assert.Equal(mark, MessageIds.MarkOf(id));

    [Fact]
    public void Any_id_has_a_mark_that_fits_a_token() =>
        Prop.ForAll<NonNull<string>>(id =>
            {
                var mark = MessageIds.MarkOf(id.Get + "x");
                return mark.Length is > 0 and <= 64 && mark.All(letter => letter is > ' ' and <= '~' and not ':');
            })
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Different_ids_have_different_marks() =>
        Prop.ForAll<NonNull<string>, NonNull<string>>(
                (one, other) => one.Get == other.Get || MessageIds.MarkOf(one.Get) != MessageIds.MarkOf(other.Get)
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Each_cause_begins_ids_of_its_own()
    {
        string[] causes =
        [
            MessageIds.OfCause("g", "t", 1, "i"),
            MessageIds.OfCause("h", "t", 1, "i"),
            MessageIds.OfCause("g", "u", 1, "i"),
            MessageIds.OfCause("g", "t", 2, "i"),
            MessageIds.OfCause("g", "t", 1, "j"),
            MessageIds.OfCause("", "", 0, "i"),
        ];

        Assert.Equal(6, causes.Distinct().Count());
        Assert.Equal(causes[0], MessageIds.OfCause("g", "t", 1, "i"));
    }
}
