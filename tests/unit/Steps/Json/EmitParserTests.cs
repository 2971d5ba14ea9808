using System.Text;
using Darq.Engine.Core;
using Darq.Engine.Steps;
using Darq.Engine.Steps.Json;
using Xunit;

namespace Darq.Tests.Unit.Steps.Json;

public sealed class EmitParserTests
{
    [Theory]
    [InlineData("""[{"topic":"t","data":1,"colour":"red"}]""", "darq.emit[0].colour", "an unknown field")]
    [InlineData("""[{"topic":"t","data":1},{"data":1}]""", "darq.emit[1].topic is missing", "at least topic and data")]
    [InlineData("""[{"topic":"t"}]""", "darq.emit[0].data is missing", "at least topic and data")]
    [InlineData("""[{"topic":7,"data":1}]""", "darq.emit[0].topic is the number 7", "a string")]
    [InlineData("""[{"topic":"","data":1}]""", "darq.emit[0].topic is ''", "1 to 255 bytes")]
    [InlineData("""[{"topic":"t~1","data":1}]""", "darq.emit[0].topic is 't~1'", "~<number>")]
    [InlineData("""[{"topic":"t","data":1,"key":""}]""", "darq.emit[0].key is the string ''", "1 to 1,024 bytes")]
    [InlineData("""[{"topic":"t","data":1,"id":5}]""", "darq.emit[0].id is the number 5", "a string")]
    [InlineData("""[{"topic":"t","data":1,"data":2}]""", "darq.emit[0].data", "given twice")]
    [InlineData("""[{"topic":"t","data":1,"ttlInSeconds":0}]""", "darq.emit[0].ttlInSeconds is the number 0", "above 0")]
    [InlineData("""[{"topic":"t","data":1,"ttlInSeconds":1.5}]""", "darq.emit[0].ttlInSeconds is the number 1.5", "whole number")]
    [InlineData("""[{"topic":"t","data":1,"ttlInSeconds":"60"}]""", "darq.emit[0].ttlInSeconds is the string '60'", "whole number")]
    [InlineData("""[{"topic":"t","data":1,"rawPayload":"true"}]""", "darq.emit[0].rawPayload is the string 'true'", "true or false")]
    [InlineData("""["t"]""", "darq.emit[0] is the string 't'", "an object")]
    [InlineData("""{"topic":"t","data":1}""", "darq.emit is an object", "JSON list")]
    [InlineData("not json", "darq.emit is not JSON (line 1, byte 2);", "JSON list")]
    [InlineData("[]\n []", "darq.emit is not JSON (line 2, byte 2);", "JSON list")]
    [InlineData("", "darq.emit is not JSON (line 1, byte 1);", "JSON list")]
    [InlineData("""[{"topic":"t\ud800","data":1}]""", "darq.emit", "Unicode")]
    [InlineData("""[{"topic":"t","data":1,"key":"\udc00"}]""", "darq.emit", "Unicode")]
    [InlineData("""[{"topic":"t","data":1,"\ud800":1}]""", "darq.emit", "Unicode")]
    [InlineData("""[{"topic":"t","data":{"a":"\ud800"}}]""", "darq.emit", "Unicode")]
    [InlineData("""[{"topic":"t","data":"\ud800","rawPayload":true}]""", "darq.emit", "Unicode")]
    public void A_faulty_list_is_refused_with_field_and_form(string json, string field, string form)
    {
        var refused = Assert.Throws<DarqException>(() => Parse(json));

        Assert.Equal(ErrorCode.Invalid, refused.Code);
        Assert.Contains(field, refused.Message, StringComparison.Ordinal);
        Assert.Contains(form, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("delay")]
    [InlineData("deliverAt")]
    public void What_comes_later_is_refused_by_name(string field)
    {
        var refused = Assert.Throws<DarqException>(() => Parse($$"""[{"topic":"t","data":1,"{{field}}":"5s"}]"""));

        Assert.Equal(ErrorCode.NotYet, refused.Code);
        Assert.Contains($"darq.emit[0].{field}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_field_is_answered_with_those_that_are_built() =>
        Assert.EndsWith(
            "; accepted: topic, data, key, id, ttlInSeconds, rawPayload.",
            Assert.Throws<DarqException>(() => Parse("""[{"topic":"t","data":1,"colour":"red"}]""")).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void More_than_1024_messages_are_refused()
    {
        var most = string.Join(',', Enumerable.Repeat("""{"topic":"t","data":1}""", 1024));

        Assert.Equal(1024, Parse($"[{most}]").Count);
        Assert.Equal(ErrorCode.TooLarge, Assert.Throws<DarqException>(() => Parse($$"""[{{most}},{"topic":"t","data":1}]""")).Code);
    }

    [Fact]
    public void All_that_a_message_says_is_read()
    {
        var emit = Parse("""[{"topic":"first","data":1},{"topic":"receipts","data":{"n":1},"key":"k","id":"r1","ttlInSeconds":60}]""")[1];

        Assert.Equal(("receipts", "k", "r1", TimeSpan.FromMinutes(1), false), (emit.Topic, emit.Key, emit.Id, emit.TimeToLive, emit.Raw));
        Assert.Equal("""{"n":1}""", Encoding.UTF8.GetString(emit.Data.Span));
    }

    [Theory]
    [InlineData("\"plain \\u00e4\"", "plain ä")]
    [InlineData("{\"a\": 1}", "{\"a\": 1}")]
    [InlineData("7", "7")]
    public void A_raw_payload_is_the_text_of_a_string_or_the_JSON_of_anything_else(string data, string sent)
    {
        var emit = Parse($$"""[{"topic":"t","data":{{data}},"rawPayload":true}]""")[0];

        Assert.True(emit.Raw);
        Assert.Equal(sent, Encoding.UTF8.GetString(emit.Data.Span));
    }

    private static List<StepEmit> Parse(string json)
    {
        var emits = new List<StepEmit>();
        EmitParser.Parse(json, emits);
        return emits;
    }
}
