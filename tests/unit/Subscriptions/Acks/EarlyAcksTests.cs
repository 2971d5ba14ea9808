using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Acks;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Engine.Subscriptions.Ownership;
using Darq.Engine.Subscriptions.Reading;
using Xunit;

namespace Darq.Tests.Unit.Subscriptions.Acks;

/// <summary>Acknowledgements that come while their message is not in memory, because its lane was lost.</summary>
public sealed class EarlyAcksTests : CoreTests
{
    [Fact]
    public void An_ack_of_a_message_whose_lane_was_lost_counts_when_it_is_read_again()
    {
        Open();
        Claim();
        Read(1);
        Lose();

        AnswerTo(Sent[0], Answer.Ack);
        Claim("OK 2.1 0-0 0 0");
        Read(1);

        Assert.Single(Sent);
        Assert.Equal((Ending.Ack, "2.1"), (Assert.Single(Settlements).Ending, Lane.FencingToken));
        Settle(SettlementOutcome.Done);
        Assert.Empty(Core.Messages);
    }

    [Fact]
    public void An_ack_of_a_message_that_stands_behind_another_counts_when_it_is_its_turn()
    {
        Open();
        Claim();
        Read(1, key: "a");
        AnswerTo(Sent[0], Answer.Ack);
        Settle(SettlementOutcome.Done);
        Read(2, key: "a");
        Lose();
        // The acknowledgement of the first was lost with it.
        Claim("OK 2.1 0-0 0 0");
        Read(1, key: "a");
        Read(2, key: "a");

        AnswerTo(Sent[1], Answer.Ack);
        AnswerTo(Sent[2], Answer.Ack);
        Settle(SettlementOutcome.Done);

        Assert.Equal([1, 2, 1], Sent.Select(Number));
        Assert.Equal([1L, 1, 2], Settlements.Select(settlement => settlement.Message.Message.StreamId.Number));
    }

    [Fact]
    public void An_ack_of_a_lost_lane_whose_step_was_lost_with_it_counts_for_nothing()
    {
        Open();
        Claim();
        Read(1);
        StartStep(Sent[0]);
        EndStep(Sent[0], StepEnd.Consumed);
        Lose();

        AnswerTo(Sent[0], Answer.Ack);
        Claim("OK 2.1 0-0 0 0");
        Read(1);

        Assert.Equal([1, 1], Sent.Select(Number));
        Assert.Empty(Settlements);
    }

    [Fact]
    public void An_ack_without_a_step_of_a_lost_lane_counts_for_nothing_where_a_step_is_required()
    {
        Options = Options with { RequireStep = true };
        Open();
        Claim();
        Read(1);
        Lose();

        AnswerTo(Sent[0], Answer.Ack);
        Claim("OK 2.1 0-0 0 0");
        Read(1);

        Assert.Equal([1, 1], Sent.Select(Number));
    }

    [Fact]
    public void Acks_of_more_messages_than_are_remembered_make_way_for_later_ones()
    {
        var early = new EarlyAcks();
        for (var number = 1; number <= EarlyAcks.Most + 1; number++)
        {
            early.Add(Message(number));
            early.Add(Message(number));
        }

        Assert.False(early.Take(Message(1)));
        Assert.False(early.Take(Message(2, partition: 1)));
        Assert.True(early.Take(Message(2)));
        Assert.False(early.Take(Message(2)));
        Assert.True(early.Take(Message(EarlyAcks.Most + 1)));
    }

    [Fact]
    public void An_ack_counts_for_no_other_message_that_has_its_place_now()
    {
        Open();
        Claim();
        Read(1, id: "lost");
        Lose();

        AnswerTo(Sent[0], Answer.Ack);
        Claim("OK 2.1 0-0 0 0");
        Read(1, id: "other");

        Assert.Equal(["lost", "other"], Sent.Select(attempt => attempt.Message.Message.Id));
        Assert.Empty(Settlements);
    }

    [Fact]
    public void An_ack_that_finds_another_message_in_its_place_counts_for_nothing()
    {
        Open();
        Claim();
        Read(1, id: "lost");
        Lose();
        Claim("OK 2.1 0-0 0 0");
        Read(1, id: "other");

        AnswerTo(Sent[0], Answer.Ack);

        Assert.Empty(Settlements);
        Assert.Equal("other", Sent[^1].Message.Message.Id);
    }

    [Fact]
    public void An_ack_from_before_a_loss_counts_for_nothing()
    {
        Open();
        Claim();
        Read(1);
        Apply(core => core.OnSession("s2", lost: false));
        AnswerTo(Sent[0], Answer.Ack);

        Apply(core => core.OnSession("s2", lost: true));
        Apply(core => core.OnClaimed(core.NextClaims(["s2"], "s2", true, this), "s2", [ClaimResult.Parse("OK 2.1 0-0 0 0")], this));
        Read(1);

        Assert.Equal([1, 1], Sent.Select(Number));
        Assert.Empty(Settlements);
    }

    private static Message Message(long number, int partition = 0) =>
        new(partition, new(1, number), "", "", default, default, long.MaxValue, new(1, number));
}
