using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Ownership;
using Darq.Engine.Telemetry;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Unit.Subscriptions.Ownership;

public sealed class LostLanesTests
{
    [Fact]
    public void Lanes_that_are_lost_one_by_one_are_told_of_in_one_line()
    {
        var (effects, log) = (new Effects(), new RecordedLog());
        var lost = new LostLanes("g", "t", new SubscriptionCounters(new("n", "g", "t")), effects);
        for (var i = 0; i < 87; i++)
        {
            lost.Add(1);
            lost.Arm(At(i));
            lost.Say(At(i));
        }

        Assert.Equal(TimeSpan.FromMilliseconds(250), lost.Due);
        lost.Say(At(250));

        foreach (var line in effects.Take().Lines)
        {
            line(log);
        }

        Assert.StartsWith("Group g lost 87 lanes of topic t;", Assert.Single(log.Lines).Text, StringComparison.Ordinal);
        Assert.Null(lost.Due);
    }

    private static Instant At(int ms) => new(TimeSpan.FromMilliseconds(ms), 0);
}
