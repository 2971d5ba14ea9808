using Darq.Engine.Core;
using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Acks;
using Darq.Engine.Subscriptions.Reading;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Unit.Subscriptions.Acks;

public sealed class RefusedOutcomesTests
{
    private readonly RecordedLog _log = new();
    private readonly RefusedOutcomes _outcomes;

    public RefusedOutcomesTests() => _outcomes = new("g", "t", _log);

    [Fact]
    public void A_reason_is_said_once_for_each_lane_and_once_when_it_is_over()
    {
        var (one, two, other) = (Of(0, 1), Of(0, 2), Of(1, 1));
        for (var second = 0; second < 3; second++)
        {
            _outcomes.Refused(one, "BROKEN");
            _outcomes.Refused(two, "BROKEN");
            _outcomes.Refused(other, "BROKEN");
        }

        Assert.Equal(["OutcomeWasRefused", "OutcomeWasRefused"], Said());
        _outcomes.Refused(two, "NOPERM");
        Assert.Equal(3, _log.Lines.Count);

        _outcomes.Taken(one);
        _outcomes.Taken(two);

        Assert.Equal(["OutcomesAreTaken"], Said()[3..]);
        _outcomes.Refused(one, "BROKEN");
        Assert.Equal(5, _log.Lines.Count);
    }

    [Fact]
    public void An_outcome_that_was_never_refused_ends_nothing()
    {
        _outcomes.Refused(Of(0, 1), "BROKEN");

        _outcomes.Taken(Of(0, 2));

        Assert.Equal(["OutcomeWasRefused"], Said());
    }

    [Fact]
    public void What_was_said_before_a_loss_of_the_lane_does_not_count_any_more()
    {
        var before = Of(0, 1);
        _outcomes.Refused(before, "BROKEN");
        _outcomes.Refused(Of(0, 1, epoch: 2), "BROKEN");

        _outcomes.Taken(before);

        Assert.Equal(["OutcomeWasRefused", "OutcomeWasRefused"], Said());
    }

    private string[] Said() => [.. _log.Lines.Select(line => line.Name)];

    private static Settlement Of(int partition, long number, int epoch = 1)
    {
        var streamId = new Position(1, number);
        var message = new Message(partition, streamId, "", "", default, default, long.MaxValue, streamId);
        return new(new LaneMessage(new Lane(partition, default), message), epoch, Ending.Ack);
    }
}
