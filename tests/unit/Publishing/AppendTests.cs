using System.Text;
using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Xunit;

namespace Darq.Tests.Unit.Publishing;

public sealed class AppendTests
{
    private const int Spread = 63;
    private const string Made = "made-1";
    private const string Event = """{"specversion":"1.0","id":"e1","source":"app","type":"t","data":1}""";

    private static readonly NamespaceOptions Options = new();

    [Theory]
    [InlineData("orders~3")]
    [InlineData("~0")]
    [InlineData("a~b~12")]
    public void A_topic_that_names_a_further_stream_is_refused(string topic) => AssertInvalid(() => From(topic, "x"), "~<number>");

    [Theory]
    [InlineData("orders~")]
    [InlineData("orders~3a")]
    [InlineData("3")]
    public void A_tilde_without_a_number_behind_it_is_part_of_a_name(string topic) => Assert.Equal(topic, From(topic, "x").Topic);

    [Fact]
    public void An_empty_topic_is_refused() => AssertInvalid(() => From("", "x"), "topic");

    [Fact]
    public void An_empty_partition_key_is_refused() => AssertInvalid(() => From("t", "x", ("partitionKey", "")), "partitionKey is ''");

    [Fact]
    public void An_empty_id_is_refused() => AssertInvalid(() => From("t", "x", ("darq.id", "")), "darq.id is ''");

    [Fact]
    public void A_partition_key_over_1024_bytes_is_refused() =>
        AssertInvalid(() => From("t", "x", ("partitionKey", new string('k', 1025))), "1,024");

    [Fact]
    public void A_message_over_3_9_MiB_is_refused_with_its_size()
    {
        var refused = Assert.Throws<DarqException>(() => From("t", new string('x', 4_089_440), ("a", "b")));

        Assert.Equal(ErrorCode.TooLarge, refused.Code);
        Assert.Contains("4,089,449 bytes with its metadata", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Metadata_over_64_KiB_is_refused() =>
        Assert.Equal(ErrorCode.TooLarge, Assert.Throws<DarqException>(() => From("t", "x", ("a", new string('b', 65_536)))).Code);

    [Theory]
    [InlineData("ttlInSeconds", "60")]
    [InlineData("ttlinseconds", "60")]
    [InlineData("ttl", "60s")]
    [InlineData("ttl", "60")]
    [InlineData("TTL", "1m")]
    [InlineData("ttl", "60000ms")]
    [InlineData("ttl", "0.5m30s")]
    public void Time_to_live_is_a_number_of_seconds_or_a_duration(string name, string value) =>
        Assert.Equal(TimeSpan.FromMinutes(1), From("t", "x", (name, value)).TimeToLive);

    [Theory]
    [InlineData("ttlInSeconds", "0")]
    [InlineData("ttlInSeconds", "-1")]
    [InlineData("ttlInSeconds", "60s")]
    [InlineData("ttlInSeconds", "")]
    [InlineData("ttlInSeconds", "99999999999")]
    [InlineData("ttl", "0")]
    [InlineData("ttl", "0s")]
    [InlineData("ttl", "-1m")]
    [InlineData("ttl", "soon")]
    [InlineData("ttl", "1000000h")]
    [InlineData("ttl", "")]
    public void Any_other_time_to_live_is_refused_by_name(string name, string value) =>
        AssertInvalid(() => From("t", "x", (name, value)), $"{name} is '{value}'");

    [Theory]
    [InlineData("ttl", "ttlInSeconds")]
    [InlineData("ttlInSeconds", "ttl")]
    public void Of_two_times_to_live_that_counts_which_the_sidecar_takes(string first, string second) =>
        Assert.Equal(
            TimeSpan.FromMinutes(1),
            From("t", "x", (first, first == "ttl" ? "1m" : "5"), (second, second == "ttl" ? "1m" : "5")).TimeToLive
        );

    [Fact]
    public void Without_a_time_to_live_a_message_stays() => Assert.Null(From("t", "x").TimeToLive);

    [Theory]
    [InlineData("darq.producer")]
    [InlineData("darq.seq")]
    [InlineData("delay")]
    [InlineData("deliverAt")]
    public void What_comes_later_is_refused_rather_than_ignored(string name)
    {
        var refused = Assert.Throws<DarqException>(() => From("t", "x", (name, "1")));

        Assert.Equal(ErrorCode.NotYet, refused.Code);
        Assert.StartsWith($"NOT_YET: metadata {name} ", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_ack_level_is_refused() => AssertInvalid(() => From("t", "x", ("darq.ack", "fast")), "durable or speculative");

    [Fact]
    public void The_partition_key_decides_the_partition() =>
        Assert.Equal(PartitionHash.Of("alice", 64), From("t", Event, ("partitionKey", "alice"), ("darq.id", "i")).Partition);

    [Fact]
    public void Without_a_key_the_id_decides()
    {
        var append = From("t", Event, ("darq.id", "i"));

        Assert.Equal((PartitionHash.Of("i", 64), "i", true), (append.Partition, append.Id, append.IsNamed));
    }

    [Fact]
    public void By_cloudevent_the_event_decides_so_that_its_repetition_meets_it()
    {
        var options = Options with { DedupBy = DedupBy.CloudEvent };
        var append = Append.From("t", new(Encoding.UTF8.GetBytes(Event), new Dictionary<string, string>()), options, Spread, Made);

        Assert.Equal((PartitionHash.Of(append.Event, 64), Made, false), (append.Partition, append.Id, append.IsNamed));
        Assert.NotEqual("", append.Event);
    }

    [Fact]
    public void An_event_without_key_and_id_goes_where_its_request_goes() =>
        Assert.Equal((Spread, Made, true), (From("t", Event).Partition, From("t", Event).Id, From("t", Event).IsNeverRepeated));

    [Fact]
    public void What_nothing_is_known_of_is_spread() => Assert.Equal((Spread, Made), (From("t", "plain").Partition, From("t", "plain").Id));

    [Fact]
    public void Metadata_travels_without_what_the_component_reads_or_adds()
    {
        var append = From(
            "t",
            "x",
            ("darq.id", "i"),
            ("darq-token", "forged"),
            ("DARQ-Attempt", "9"),
            ("content-type", "x/y"),
            ("pubsubName", "p"),
            ("traceparent", "00"),
            ("", "v")
        );

        Assert.Equal("""{"traceparent":"00"}""", Encoding.UTF8.GetString(append.Metadata.Span));
        Assert.Equal([new("traceparent", "00")], MessageMetadata.Parse(append.Metadata.Span));
    }

    private static Append From(string topic, string data, params (string Name, string Value)[] metadata) =>
        Append.From(
            topic,
            new(Encoding.UTF8.GetBytes(data), metadata.ToDictionary(entry => entry.Name, entry => entry.Value)),
            Options,
            Spread,
            Made
        );

    private static void AssertInvalid(Action publish, string because)
    {
        var refused = Assert.Throws<DarqException>(publish);
        Assert.Equal(ErrorCode.Invalid, refused.Code);
        Assert.Contains(because, refused.Message, StringComparison.Ordinal);
    }
}
