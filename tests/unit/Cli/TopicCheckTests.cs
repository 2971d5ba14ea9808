using Darq.Component.Cli.Checks;
using Darq.Component.Cli.Data;
using Darq.Engine.Core;
using Xunit;

namespace Darq.Tests.Unit.Cli;

/// <summary>A topic in one partition against its stream and lanes: what is found, and what the repair writes.</summary>
public sealed class TopicCheckTests
{
    private const long Now = 1_700_000_000_000;

    private static readonly LaneFacts Lane = new("billing") { Text = "s1 17.2 17-5 1 6 0 0 0 0 0:0", Ranges = ["7:7:17"] };

    /// <summary>Messages 6 to 9 are in the stream, of which 7 is acked.</summary>
    private static readonly TopicFacts Sound = new()
    {
        Partition = 1,
        Tag = "{n:1:0}",
        Topic = "orders",
        WorldLine = "17",
        Text = "9 900 5 0 - billing",
        Stream = new(4, new Position(17, 6), new Position(17, 9), 900),
        Lanes = [Lane],
    };

    [Fact]
    public void Sound_topic_has_no_findings_and_nothing_to_write()
    {
        Assert.Empty(TopicCheck.Judge(Sound, Now));
        Assert.Null(Component.Cli.Repairs.TopicRepair.Of(Sound, Now));
    }

    [Fact]
    public void Topic_that_is_all_acked_and_one_that_was_never_used_are_sound()
    {
        Assert.Empty(
            TopicCheck.Judge(
                Sound with
                {
                    Text = "9 900 9 0 - billing",
                    Stream = new(0, null, new Position(17, 9), 0),
                    Lanes = [Lane with { Text = "s1 17.2 17-9 0 9 0 0 0 0 0:0", Ranges = [] }],
                },
                Now
            )
        );
        Assert.Empty(TopicCheck.Judge(Sound with { Text = "0 0 0 0 s1 ", Stream = null, Lanes = [] }, Now));
    }

    [Fact]
    public void Damaged_topic_is_written_anew_from_its_stream_and_wakes_all()
    {
        var written = Repaired(Sound with { Text = "planted" }, "topic", "t:orders");

        Assert.Equal(["HSET {n:1:0}:m t:orders 9 900 5 0 * billing"], written);
    }

    [Fact]
    public void Missing_numbers_of_a_topic_are_written_anew()
    {
        var written = Repaired(Sound with { Text = null, Lanes = [] }, "topic", "t:orders");

        Assert.Equal(["HSET {n:1:0}:m t:orders 9 900 5 0 * "], written);
    }

    [Fact]
    public void Damaged_lane_counts_only_what_is_certain_as_acked_and_is_nobodys()
    {
        var written = Repaired(Sound with { Lanes = [Lane with { Text = "planted" }] }, "lane", "l:billing:orders");

        Assert.Equal([$"HSET {{n:1:0}}:m l:billing:orders - 17.{Now} 0-5 1 0 6 0 0 0 0:0"], written);
    }

    [Fact]
    public void Damaged_lane_keeps_what_steps_consumed_and_what_waits_in_its_retry_queue()
    {
        var lane = Lane with { Text = "planted", Ranges = [], Queued = 1, Done = [new(6, 6, "17"), new(8, 8, "17")] };

        var written = Repaired(Sound with { Lanes = [lane] }, "lane", "l:billing:orders");

        Assert.Equal(
            [$"HSET {{n:1:0}}:m l:billing:orders - 17.{Now} 17-6 1 0 6 0 0 0 0:0", "ZADD {n:1:0}:o:billing:orders 8 8:8:17"],
            written
        );
    }

    [Fact]
    public void Lane_behind_what_was_trimmed_goes_on_after_it()
    {
        var facts = Sound with { Lanes = [Lane with { Text = "s1 17.2 17-3 1 4 0 0 0 0 0:0" }] };

        var written = Repaired(facts, "lane", "l:billing:orders");

        // Two messages are gone, so that the books begin two later.
        Assert.Equal([$"HSET {{n:1:0}}:m l:billing:orders - 17.{Now} 0-5 1 4 2 0 0 0 0:0"], written);
    }

    [Fact]
    public void Lane_ahead_of_its_topic_goes_back_to_the_last_message()
    {
        var facts = Sound with { Lanes = [Lane with { Text = "s1 17.2 17-12 0 12 0 0 0 0 0:0", Ranges = [] }] };

        Assert.Contains($"HSET {{n:1:0}}:m l:billing:orders - 17.{Now} 17-9 0 12 0 0 0 0 0:0", Repaired(facts, "lane", "l:billing:orders"));
    }

    [Fact]
    public void Lane_that_the_topic_does_not_know_is_registered()
    {
        var written = Repaired(Sound with { Text = "9 900 5 0 - audit", Lanes = [Lane] }, "lane", "l:billing:orders");

        Assert.Equal(["HSET {n:1:0}:m t:orders 9 900 5 0 * audit,billing"], written);
    }

    [Fact]
    public void Registered_group_without_a_lane_gets_one_that_begins_with_the_stream()
    {
        var written = Repaired(Sound with { Lanes = [new LaneFacts("billing")] }, "lane", "l:billing:orders");

        Assert.Equal([$"HSET {{n:1:0}}:m l:billing:orders - 17.{Now} 0-5 0 0 5 0 0 0 0:0"], written);
    }

    [Theory]
    [InlineData("planted", "s1 17.2 17-5 1 6 0 0 0 0 0:0")]
    [InlineData("7:7:17", "s1 17.2 17-5 0 6 0 0 0 0 0:0")]
    [InlineData("6:7:17", "s1 17.2 17-5 1 6 0 0 0 0 0:0")]
    public void Ranges_that_do_not_fit_their_lane_are_found(string range, string lane)
    {
        var findings = TopicCheck.Judge(Sound with { Lanes = [Lane with { Text = lane, Ranges = [range] }] }, Now);

        var finding = Assert.Single(findings);
        Assert.Equal(("ranges", "{n:1:0}:o:billing:orders"), (finding.Check, finding.Key));
        Assert.NotNull(finding.Repair);
    }

    [Fact]
    public void Damaged_range_is_taken_out_and_its_messages_are_delivered_again()
    {
        var written = Repaired(Sound with { Lanes = [Lane with { Ranges = ["planted"] }] }, "ranges", null);

        Assert.Equal(
            [$"HSET {{n:1:0}}:m l:billing:orders - 17.{Now} 17-5 0 6 0 0 0 0 0:0", "ZREM {n:1:0}:o:billing:orders planted"],
            written
        );
    }

    [Fact]
    public void Stream_that_is_gone_ends_what_its_lanes_wait_for()
    {
        var written = Repaired(Sound with { Stream = null }, "stream", null);

        Assert.Contains("HSET {n:1:0}:m t:orders 9 900 9 0 * billing", written);
        Assert.Contains($"HSET {{n:1:0}}:m l:billing:orders - 17.{Now} 0-9 0 6 3 0 0 0 0:0", written);
        Assert.Contains("ZREM {n:1:0}:o:billing:orders 7:7:17", written);
    }

    [Fact]
    public void Numbers_behind_the_stream_are_brought_up_to_it() =>
        Assert.Contains(
            "HSET {n:1:0}:m t:orders 9 900 5 0 * billing",
            Repaired(Sound with { Text = "8 900 5 0 - billing" }, "stream", null)
        );

    [Fact]
    public void Message_that_was_counted_and_not_appended_is_counted_no_more() =>
        Assert.Contains(
            "HSET {n:1:0}:m t:orders 9 900 5 0 * billing",
            Repaired(Sound with { Text = "10 900 5 0 - billing" }, "stream", null)
        );

    [Fact]
    public void Holes_in_the_stream_count_as_acked()
    {
        var facts = Sound with { Stream = Sound.Stream! with { Length = 3, Holes = [new(8, 8, "17")] } };

        var written = Repaired(facts, "stream", null);

        Assert.Equal(
            [
                $"HSET {{n:1:0}}:m l:billing:orders - 17.{Now} 17-5 1 6 1 0 0 0 0:0",
                "ZREM {n:1:0}:o:billing:orders 7:7:17",
                "ZADD {n:1:0}:o:billing:orders 7 7:8:17",
            ],
            written
        );
    }

    [Fact]
    public void Repaired_topic_is_sound()
    {
        var facts = Sound with { Text = "planted", Lanes = [Lane with { Text = "planted", Ranges = ["planted", "7:7:17"] }] };

        var written = TopicCheck.Judge(facts, Now)[0].Repair!.Change.Commands.Where(command => command[0] == "HSET").ToArray();
        var lane = written.Single(command => command[2].StartsWith("l:", StringComparison.Ordinal))[3];
        var topic = written.Single(command => command[2].StartsWith("t:", StringComparison.Ordinal))[3];

        Assert.Empty(TopicCheck.Judge(facts with { Text = topic, Lanes = [Lane with { Text = lane }] }, Now));
    }

    [Fact]
    public void Repair_rests_on_what_was_seen()
    {
        var damaged = TopicCheck.Judge(Sound with { Lanes = [Lane with { Text = "planted" }] }, Now)[0].Repair!.Change;
        var behind = TopicCheck.Judge(Sound with { Lanes = [Lane with { Text = "s1 17.2 17-3 1 4 0 0 0 0 0:0" }] }, Now)[0].Repair!.Change;

        // A damaged lane cannot move, and its topic goes on meanwhile.
        Assert.Equal([("l:billing:orders", "planted")], Expected(damaged));
        Assert.Equal([("l:billing:orders", "s1 17.2 17-3 1 4 0 0 0 0 0:0"), ("t:orders", "9 900 5 0 - billing")], Expected(behind));
    }

    [Fact]
    public void Key_of_another_type_is_left_to_the_check_of_types() =>
        Assert.Empty(TopicCheck.Judge(Sound with { IsForeign = true, Stream = null }, Now));

    private static string[] Repaired(TopicFacts facts, string check, string? field)
    {
        var findings = TopicCheck.Judge(facts, Now);

        Assert.Contains(findings, finding => finding.Check == check && finding.Field == field);
        var repair = Assert.Single(findings.Select(finding => finding.Repair).Distinct());
        Assert.True(repair!.ConcernsOwners);
        return [.. repair.Change.Commands.Select(command => string.Join(' ', command))];
    }

    private static (string, string?)[] Expected(Darq.Engine.Redis.GuardedChange change) =>
        [.. change.Conditions.Select(condition => (condition.Command[^1], condition.Expected))];
}
