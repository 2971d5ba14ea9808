using Darq.Lanes;
using Xunit;

namespace Darq.Tests.Unit.Lanes;

public sealed class MailboxTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddDays(1);

    [Fact]
    public void By_key_the_messages_of_a_key_form_a_line_and_those_without_one_stand_alone()
    {
        var mailbox = new Mailbox(Order.Key);
        var line = mailbox.Park("a", 3, Now);
        var alone = mailbox.Park("", 4, Now);

        Assert.Same(line, mailbox.Park("a", 7, default));
        Assert.Same(line, mailbox.LineOf("a", 9));
        Assert.Null(mailbox.LineOf("b", 9));
        Assert.Null(mailbox.LineOf("", 9));
        Assert.Equal((3, 1), (mailbox.Count, alone.Seqs.Count));
    }

    [Theory]
    [InlineData(nameof(Order.Partition), true)]
    [InlineData(nameof(Order.None), false)]
    public void The_order_decides_who_stands_behind_whom(string order, bool behind)
    {
        var mailbox = new Mailbox(Enum.Parse<Order>(order));
        var line = mailbox.Park("a", 3, Now);

        Assert.Equal(behind, mailbox.LineOf("b", 4) == line);
        Assert.Equal(behind, mailbox.LineOf("a", 4) == line);
    }

    [Fact]
    public void What_Redis_was_not_told_of_is_not_fetched_nor_what_stands_behind_it()
    {
        var mailbox = new Mailbox(Order.Key);
        var line = mailbox.Park("a", 1, Now);
        for (var seq = 2; seq <= 4; seq++)
        {
            mailbox.Park("a", seq, default);
        }

        mailbox.Told(2);
        Assert.Empty(mailbox.First(line, 10));
        mailbox.Told(1);
        Assert.Equal([1, 2], mailbox.First(line, 10));
        mailbox.Told(4);
        Assert.Equal([1], mailbox.First(line, 1));
    }

    [Fact]
    public void Only_the_first_of_a_line_has_a_time_and_the_next_has_none()
    {
        var mailbox = new Mailbox(Order.Key);
        var line = mailbox.Park("a", 1, Now);
        mailbox.Park("a", 2, default);
        mailbox.Park("a", 3, default);

        mailbox.Remove(line, 3);
        Assert.Equal(Now, line.Due);
        mailbox.Remove(line, 1);
        Assert.Equal(DateTimeOffset.MinValue, line.Due);
        mailbox.Park("a", 2, Now.AddSeconds(5));
        Assert.Equal((1, Now.AddSeconds(5)), (mailbox.Count, line.Due));
    }

    [Fact]
    public void A_line_ends_with_its_last_message()
    {
        var mailbox = new Mailbox(Order.Key);
        mailbox.Learn(new(new(1, 5), 0, 2, "a"), Now);
        var line = mailbox.LineOf("a", 6)!;

        mailbox.Remove(line, 5);

        Assert.Null(mailbox.LineOf("a", 6));
        Assert.Equal((0, 5), (mailbox.Count, mailbox.KnownUpTo));
    }

    [Fact]
    public void A_lane_that_is_dropped_forgets_its_mailbox()
    {
        var lane = new Lane(0, Order.Key);
        lane.Mailbox.Park("a", 1, Now);
        lane.Mailbox.IsKnown = true;

        lane.Drop();

        Assert.Equal((0, false, null), (lane.Mailbox.Count, lane.Mailbox.IsKnown, lane.Mailbox.LineOf("a", 2)));
    }
}
