using System.Text;
using System.Text.Json;
using Darq.Partitions;
using Darq.Steps;
using Xunit;

namespace Darq.Tests.Unit.Steps;

public sealed class EmitParserTests
{
    private const int Home = 5;

    private static readonly EmitParser Parser = new(new NamespaceOptions(), "ledger", "cause", Home, TimeProvider.System);

    [Theory]
    [InlineData("""[{"topic":"t","data":1,"colour":"red"}]""", "darq.emit[0].colour", "an unknown field")]
    [InlineData("""[{"topic":"t","data":1},{"data":1}]""", "darq.emit[1]", "at least topic and data")]
    [InlineData("""[{"topic":"t"}]""", "darq.emit[0]", "at least topic and data")]
    [InlineData("""[{"topic":7,"data":1}]""", "darq.emit[0].topic", "a string")]
    [InlineData("""[{"topic":"","data":1}]""", "topic is ''", "1 to 255 bytes")]
    [InlineData("""[{"topic":"t~1","data":1}]""", "topic is 't~1'", "~<number>")]
    [InlineData("""[{"topic":"t","data":1,"key":""}]""", "partitionKey is ''", "1 to 1,024 bytes")]
    [InlineData("""[{"topic":"t","data":1,"id":5}]""", "darq.emit[0].id", "a string")]
    [InlineData("""[{"topic":"t","data":1,"ttlInSeconds":0}]""", "ttlInSeconds is '0'", "above 0")]
    [InlineData("""[{"topic":"t","data":1,"ttlInSeconds":1.5}]""", "ttlInSeconds is '1.5'", "whole number")]
    [InlineData("""[{"topic":"t","data":1,"rawPayload":"true"}]""", "darq.emit[0].rawPayload", "true or false")]
    [InlineData("""["t"]""", "darq.emit[0] is 'String'", "JSON list")]
    [InlineData("""{"topic":"t","data":1}""", "darq.emit is 'Object'", "JSON list")]
    [InlineData("not json", "darq.emit is 'no JSON", "JSON list")]
    [InlineData("", "darq.emit is 'no JSON", "JSON list")]
    [InlineData("""[{"topic":"t\ud800","data":1}]""", "darq.emit", "Unicode")]
    [InlineData("""[{"topic":"t","data":1,"key":"\udc00"}]""", "darq.emit", "Unicode")]
    [InlineData("""[{"topic":"t","data":1,"\ud800":1}]""", "darq.emit", "Unicode")]
    [InlineData("""[{"topic":"t","data":{"a":"\ud800"}}]""", "darq.emit", "Unicode")]
    [InlineData("""[{"topic":"t","data":"\ud800","rawPayload":true}]""", "darq.emit", "Unicode")]
    public void A_faulty_list_is_refused_with_field_and_form(string json, string field, string form)
    {
        var refused = Assert.Throws<DarqException>(() => Parser.Parse(json));

        Assert.Equal(Refusal.Invalid, refused.Refusal);
        Assert.Contains(field, refused.Message, StringComparison.Ordinal);
        Assert.Contains(form, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("delay")]
    [InlineData("deliverAt")]
    public void What_comes_later_is_refused_by_name(string field)
    {
        var refused = Assert.Throws<DarqException>(() => Parser.Parse($$"""[{"topic":"t","data":1,"{{field}}":"5s"}]"""));

        Assert.Equal(Refusal.NotYet, refused.Refusal);
        Assert.Contains($"darq.emit[0].{field}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void More_than_1024_messages_are_refused()
    {
        var most = string.Join(',', Enumerable.Repeat("""{"topic":"t","data":1}""", 1024));

        Assert.Equal(1024, Parser.Parse($"[{most}]").Count);
        Assert.Equal(Refusal.TooLarge, Assert.Throws<DarqException>(() => Parser.Parse($$"""[{{most}},{"topic":"t","data":1}]""")).Refusal);
    }

    [Fact]
    public void A_message_is_wrapped_as_the_event_the_sidecar_would_have_made()
    {
        var emit = Parser.Parse("""[{"topic":"first","data":1},{"topic":"receipts","data":{"n":1},"id":"r1","ttlInSeconds":60}]""")[1];

        using var json = JsonDocument.Parse(emit.Data);
        string? Field(string name) => json.RootElement.GetProperty(name).GetString();
        Assert.Equal(("r1", "ledger", "receipts", "1.0"), (Field("id"), Field("source"), Field("topic"), Field("specversion")));
        Assert.Equal(("application/json", "com.dapr.event.sent"), (Field("datacontenttype"), Field("type")));
        Assert.Equal("""{"n":1}""", json.RootElement.GetProperty("data").GetRawText());
        Assert.Equal(("receipts", "r1", true, TimeSpan.FromMinutes(1)), (emit.Topic, emit.Id, emit.Explicit, emit.TimeToLive));
    }

    [Fact]
    public void A_message_without_id_is_named_after_its_cause_and_place()
    {
        var emit = Parser.Parse("""[{"topic":"a","data":1},{"topic":"a","data":1}]""")[1];

        using var json = JsonDocument.Parse(emit.Data);
        Assert.Equal("cause-1", json.RootElement.GetProperty("id").GetString());
        // The step is recorded as a whole, so nothing is remembered of its messages.
        Assert.Equal(("", false), (emit.Id, emit.Explicit));
    }

    [Theory]
    [InlineData("\"plain\"", "plain")]
    [InlineData("{\"a\": 1}", "{\"a\": 1}")]
    [InlineData("7", "7")]
    public void A_raw_payload_is_not_wrapped(string data, string sent) =>
        Assert.Equal(sent, Encoding.UTF8.GetString(Parser.Parse($$"""[{"topic":"t","data":{{data}},"rawPayload":true}]""")[0].Data.Span));

    [Fact]
    public void Key_then_id_then_the_steps_own_partition_decide_where_it_goes()
    {
        var emits = Parser.Parse("""[{"topic":"t","data":1,"key":"k","id":"i"},{"topic":"t","data":1,"id":"i"},{"topic":"t","data":1}]""");

        Assert.Equal([PartitionHash.Of("k", 64), PartitionHash.Of("i", 64), Home], emits.Select(emit => emit.Partition));
    }
}
