using Darq.Component.Cli.Checks;
using Darq.Component.Cli.Data;
using Darq.Component.Cli.Repairs;
using Xunit;

namespace Darq.Tests.Unit.Cli;

/// <summary>Headers, buckets, members, queues and the mark of a broken partition.</summary>
public sealed class PartitionCheckTests
{
    private const long Now = 1_700_000_000_000;

    [Fact]
    public void Sound_header_has_no_findings() => Assert.Empty(HeaderCheck.Judge(Header(), "me", 17, Now));

    [Theory]
    [InlineData("lsn", "planted", "1700000000000")]
    [InlineData("wl", "", "18")]
    [InlineData("dl", "x", "5")]
    [InlineData("id", "", "me")]
    [InlineData("f", "planted", "2")]
    public void Damaged_field_of_a_header_is_written_anew(string field, string found, string wanted)
    {
        var header = Header();
        header.Add(field, found);

        var finding = Assert.Single(HeaderCheck.Judge(header, "me", 18, Now));

        Assert.Equal(("{n:1:0}:m", field), (finding.Key, finding.Field));
        Assert.Equal(["HSET", "{n:1:0}:m", field, wanted], Assert.Single(finding.Repair!.Change.Commands));
    }

    [Fact]
    public void Header_of_another_namespace_is_not_repaired()
    {
        var finding = Assert.Single(HeaderCheck.Judge(Header(), "other", 17, Now));

        Assert.Null(finding.Repair);
    }

    [Fact]
    public void Partition_that_was_never_used_is_sound_and_one_that_lost_its_header_is_not()
    {
        var empty = new HeaderFacts(1, "{n:1:0}");
        var lost = new HeaderFacts(1, "{n:1:0}") { HasKeys = true };

        Assert.Empty(HeaderCheck.Judge(empty, "me", 17, Now));
        Assert.Equal(["lsn", "wl", "id", "f"], HeaderCheck.Judge(lost, "me", 17, Now).Select(finding => finding.Field));
    }

    [Fact]
    public void Header_knows_its_topics_lanes_and_buckets()
    {
        var header = Header();
        header.Add("t:orders", "1 1 0 0 - audit,billing");
        header.Add("l:billing:orders", "planted");
        header.Add("l:late:other", "planted");
        header.Add("d:orders", "1 1 1");
        header.Add("r", "1 1 1");
        header.Add("n:old", "x");
        header.Add("n:old", "x");

        Assert.Equal(["audit", "billing"], header.Topics["orders"]);
        Assert.Equal(["late"], header.Topics["other"]);
        Assert.Equal(["d:orders", "r"], header.Buckets.Keys);
        Assert.Equal(["n:old"], header.Unknown);
    }

    [Theory]
    [InlineData("planted", 3, "HSET {n:1:0}:m d:orders 3 1700000000000 0")]
    [InlineData(null, 3, "HSET {n:1:0}:m d:orders 3 1700000000000 0")]
    [InlineData("2 5 5", 3, "HSET {n:1:0}:m d:orders 3 1700000000000 0")]
    [InlineData("planted", 0, "HDEL {n:1:0}:m d:orders")]
    public void Field_that_names_no_bucket_is_made_from_the_buckets_that_are_there(string? text, long newest, string command)
    {
        var finding = BucketsCheck.Judge("{n:1:0}:m", 1, "d:orders", text, newest, Now)!;

        Assert.Equal("dedup", finding.Check);
        Assert.Equal(command, string.Join(' ', Assert.Single(finding.Repair!.Change.Commands)));
    }

    [Fact]
    public void Sound_buckets_have_no_finding()
    {
        Assert.Null(BucketsCheck.Judge("{n:1:0}:m", 1, "d:orders", "3 5 5", 3, Now));
        Assert.Null(BucketsCheck.Judge("{n:1:0}:m", 1, "d:orders", "3 5 5", 0, Now));
    }

    [Theory]
    [InlineData("1700000000000 -", true)]
    [InlineData("1700000000000 billing:orders audit:orders", true)]
    [InlineData("1700000000000 ", true)]
    [InlineData("1700000000000", false)]
    [InlineData("soon billing:orders", false)]
    [InlineData("", false)]
    public void Member_has_a_time_and_what_it_takes(string value, bool isSound)
    {
        var finding = MembersCheck.Judge("{n}:members", "s1", value);

        Assert.Equal(isSound, finding is null);
        Assert.Equal(isSound ? null : "HDEL {n}:members s1", finding is null ? null : string.Join(' ', finding.Repair!.Change.Commands[0]));
    }

    [Theory]
    [InlineData("17-5 1700000000000 2 key", "5", true)]
    [InlineData("17-5 1700000000000 2 a key", "5", true)]
    [InlineData("17-5 1700000000000 2 ", "5", true)]
    [InlineData("17-5 1700000000000 2 key", "6", false)]
    [InlineData("17-5 1700000000000 2", "5", false)]
    [InlineData("planted", "5", false)]
    public void Member_of_a_retry_queue_fits_its_score(string member, string score, bool isSound) =>
        Assert.Equal(isSound, KeyCheck.IsQueued(member, score));

    [Fact]
    public void Damaged_member_of_a_retry_queue_is_made_from_its_body_or_removed()
    {
        var name = new KeyName(1, "q", "billing:orders");
        var body = "i2:m1k3:keyd1:xm0:t1:5l1:9"u8.ToArray();

        var kept = QueueCheck.Judge("{n:1:0}:q:billing:orders", name, "planted", "5", body);
        var lost = QueueCheck.Judge("{n:1:0}:q:billing:orders", name, "planted", "5", null);

        Assert.Equal(
            ["ZREM {n:1:0}:q:billing:orders planted", "ZADD {n:1:0}:q:billing:orders 5 0-5 0 0 key"],
            kept.Repair!.Change.Commands.Select(command => string.Join(' ', command))
        );
        Assert.Equal(["ZREM {n:1:0}:q:billing:orders planted"], lost.Repair!.Change.Commands.Select(command => string.Join(' ', command)));
        Assert.True(KeyCheck.IsQueued(kept.Repair.Change.Commands[1][3], "5"));
    }

    [Theory]
    [InlineData("5", "1700000000000", true)]
    [InlineData("5", null, true)]
    [InlineData("planted", "1700000000000", false)]
    [InlineData(null, "1700000000000", false)]
    [InlineData("5", "planted", false)]
    public void Record_of_a_session_has_numbers(string? number, string? expiry, bool isSound) =>
        Assert.Equal(isSound, KeyCheck.Session("{n:1:0}:c:s1", new(1, "c", "s1"), number, expiry, 1) is null);

    [Theory]
    [InlineData("17-9/5", "17-9")]
    [InlineData("17-9/4", null)]
    [InlineData("16-9/5", null)]
    [InlineData("17-9 17-5 17-10 17-5", "17-9")]
    [InlineData("17-9 17-4", null)]
    [InlineData("planted", null)]
    [InlineData("", null)]
    public void Ids_that_the_last_request_noted_are_known_by_its_position(string value, string? streamId) =>
        Assert.Equal(streamId, BrokenCheck.LastNoted(value, Header())?.ToString());

    [Fact]
    public void Broken_partition_takes_writes_again_only_when_nothing_else_is_damaged()
    {
        var header = Header();
        header.Add("broken", "WRONGTYPE");

        Assert.Null(BrokenCheck.Judge(header, isElseSound: false, []).Repair);
        var change = BrokenCheck.Judge(header, isElseSound: true, [("{n:1:0}:i:orders:d1", "m1")]).Repair!.Change;
        Assert.Equal(
            ["HDEL {n:1:0}:i:orders:d1 m1", "HDEL {n:1:0}:m broken"],
            change.Commands.Select(command => string.Join(' ', command))
        );
        Assert.Equal(["WRONGTYPE", "5"], change.Conditions.Select(condition => condition.Expected));
    }

    [Fact]
    public void Header_that_is_moved_aside_leaves_one_that_takes_no_writes()
    {
        var change = SetAsideRepair.OfHeader(new HeaderFacts(1, "{n:1:0}"), "list", 17, "me", 18).Change;

        Assert.Equal(["RENAME", "{n:1:0}:m", "{n:1:0}:damaged:17:m"], change.Commands[0]);
        Assert.Contains("broken", change.Commands[1]);
    }

    private static HeaderFacts Header()
    {
        var header = new HeaderFacts(1, "{n:1:0}");
        foreach (var (field, value) in new[] { ("boot", "b"), ("wl", "17"), ("lsn", "5"), ("id", "me"), ("f", "2") })
        {
            header.Add(field, value);
        }

        return header;
    }
}
