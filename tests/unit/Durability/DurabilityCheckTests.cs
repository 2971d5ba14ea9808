using Darq.Engine.Core;
using Darq.Engine.Durability;
using Darq.Engine.Redis;
using Xunit;

namespace Darq.Tests.Unit.Durability;

/// <summary>Which level is in force on which server, and which can never be.</summary>
public sealed class DurabilityCheckTests
{
    private static readonly DurabilityFacts Everysec = new()
    {
        AppendOnly = true,
        AppendFsync = "everysec",
        HasWaitAof = true,
    };
    private static readonly DurabilityFacts Always = Everysec with { AppendFsync = "always" };
    private static readonly ReplicaFacts Flushing = new("r1:6379", Follows: true, AlwaysFsyncs: true);
    private static readonly ReplicaFacts InMemory = new("r2:6379", Follows: true, AlwaysFsyncs: false);
    private static readonly ReplicaFacts Unasked = new("r3:6379", Follows: true, Why: "no answer");
    private static readonly ReplicaFacts Frozen = new("r4:6379", Follows: false);

    public static TheoryData<object, string> Servers =>
        new()
        {
            { new DurabilityFacts(), "reply" },
            { Everysec, "reply" },
            { Always, "fsync" },
            { Always with { SkipsFsyncOnRewrite = true }, "reply" },
            { Always with { AppendFsync = null }, "reply" },
            { Always with { IsFailedOver = true }, "reply" },
            { Always with { Replicas = [Frozen] }, "fsync" },
            { Everysec with { Replicas = [Frozen] }, "reply" },
            { Everysec with { Replicas = [InMemory] }, "replicated:1" },
            { Everysec with { Replicas = [Flushing] }, "replica-fsync:1" },
            { Everysec with { Replicas = [Flushing, InMemory] }, "replicated:2" },
            { Everysec with { Replicas = [Flushing, Unasked] }, "replicated:2" },
            { Everysec with { Replicas = [Flushing, Frozen] }, "replica-fsync:1" },
            { Everysec with { Replicas = [Flushing], HasWaitAof = false }, "replicated:1" },
            { Everysec with { Replicas = [Flushing], Forbidden = "WAIT" }, "reply" },
            {
                new DurabilityFacts { Replicas = [InMemory] },
                "reply"
            },
        };

    [Theory]
    [MemberData(nameof(Servers))]
    public void Auto_takes_the_strongest_that_is_there(object server, string level) =>
        Assert.Equal(level, DurabilityCheck.Resolve(new(DurabilityKind.Auto), (DurabilityFacts)server).Level.ToString());

    [Fact]
    public void Auto_asks_for_no_more_replicas_than_confirm()
    {
        var facts = Everysec with { Replicas = [InMemory, Unasked] };

        Assert.Equal("replicated:1", DurabilityCheck.Resolve(new(DurabilityKind.Auto), facts, mostReplicas: 1).Level.ToString());
        Assert.Equal("reply", DurabilityCheck.Resolve(new(DurabilityKind.Auto), facts, mostReplicas: 0).Level.ToString());
    }

    public static TheoryData<string, object, string> Impossible =>
        new()
        {
            { "fsync", new DurabilityFacts(), "Set appendonly yes and appendfsync always" },
            { "fsync", Everysec, "(appendonly yes, appendfsync everysec)" },
            { "fsync", Always with { AppendFsync = null }, "may not run CONFIG GET" },
            { "fsync", Always with { SkipsFsyncOnRewrite = true }, "no-appendfsync-on-rewrite no" },
            { "fsync", Always with { IsFailedOver = true }, "Set durability to fsync+replicated:<n>" },
            { "fsync+replicated:1", Everysec, "appendfsync always" },
            { "replicated:1", Everysec with { Forbidden = "WAIT" }, "may not run WAIT" },
            { "replica-fsync:1", Everysec with { HasWaitAof = false }, "WAITAOF, which came with 7.2" },
            { "replica-fsync:1", Everysec with { AppendOnly = false }, "Set appendonly yes on it" },
            { "replica-fsync:1", Everysec with { Replicas = [InMemory] }, "r2:6379 does not flush each write" },
            { "replica-fsync:1", Everysec with { Replicas = [Unasked] }, "r3:6379 could not be asked for its appendfsync (no answer)" },
        };

    [Theory]
    [MemberData(nameof(Impossible))]
    public void A_named_level_that_cannot_be_reached_is_refused_with_what_to_change(string text, object server, string why)
    {
        Assert.True(DurabilityLevel.TryParse(text, out var level));

        var refused = Assert.Throws<DarqException>(() => DurabilityCheck.Resolve(level, (DurabilityFacts)server));

        Assert.Equal(ErrorCode.Misconfigured, refused.Code);
        Assert.StartsWith($"MISCONFIGURED: durability is {text}, but ", refused.Message);
        Assert.Contains(why, refused.Message);
    }

    [Theory]
    [InlineData("fsync", "always")]
    [InlineData("replicated:3", "everysec")]
    [InlineData("replica-fsync:2", "everysec")]
    [InlineData("fsync+replicated:2", "always")]
    public void A_named_level_stays_what_it_is_with_too_few_replicas(string text, string appendFsync)
    {
        Assert.True(DurabilityLevel.TryParse(text, out var level));

        Assert.Equal(level, DurabilityCheck.Resolve(level, Everysec with { AppendFsync = appendFsync }).Level);
    }

    [Theory]
    [InlineData("fsync", 1, "if one is promoted")]
    [InlineData("replicated:2", 1, "answers and deliveries wait until there are enough")]
    [InlineData("replicated:1", 2, "if one is promoted that is not among the 1")]
    [InlineData("replicated:1", 1, null)]
    [InlineData("auto", 1, null)]
    public void What_is_allowed_and_doubtful_is_said(string text, int replicas, string? warning)
    {
        Assert.True(DurabilityLevel.TryParse(text, out var level));
        var facts = Always with { Replicas = [.. Enumerable.Repeat(InMemory, replicas)] };

        Assert.Equal(warning is not null, DurabilityCheck.WarningOf(level, facts)?.Contains(warning ?? "") == true);
    }

    [Theory]
    [InlineData(1, "", "durability replicated:1")]
    [InlineData(2, "", "durability replicated:2")]
    [InlineData(2, "WAIT", "+wait")]
    [InlineData(0, "", null)]
    public void Auto_says_that_it_does_not_count_replicas_of_a_primary_without_a_file(int replicas, string forbidden, string? warning)
    {
        var facts = new DurabilityFacts { Forbidden = forbidden, Replicas = [.. Enumerable.Repeat(InMemory, replicas)] };

        var said = DurabilityCheck.WarningOf(new(DurabilityKind.Auto), facts);

        Assert.Equal(warning is not null, said?.Contains(warning ?? "", StringComparison.Ordinal) == true);
    }
}
