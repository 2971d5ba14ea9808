using System.Text;
using System.Text.RegularExpressions;
using Darq.Engine.Core;
using Darq.Engine.State;
using Darq.Engine.Steps;
using Darq.Engine.Steps.Json;
using Xunit;

namespace Darq.Tests.Unit.Steps.Json;

public sealed class StepParserTests
{
    private static readonly StepParser Parser = new(partitions: 64, keyPrefix: "app||");

    private static readonly StepSchema Schema = StepSchema.Read("step.schema.json");

    public static TheoryData<string> Good => new(StepSamples.Good);

    public static TheoryData<string, string> Bad
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var (json, path) in StepSamples.Bad)
            {
                data.Add(json, path);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Good))]
    public void What_the_schema_accepts_the_parser_accepts(string json)
    {
        Assert.True(Schema.Accepts(json));
        Assert.NotNull(Parse(json));
    }

    [Theory]
    [MemberData(nameof(Bad))]
    public void What_the_schema_refuses_the_parser_refuses_by_field_and_accepted_form(string json, string field)
    {
        Assert.False(Schema.Accepts(json));
        var refused = Assert.Throws<DarqException>(() => Parse(json));

        Assert.Contains(refused.Code, new[] { ErrorCode.Invalid, ErrorCode.NotYet });
        Assert.Matches(
            refused.Code == ErrorCode.NotYet
                ? $"^NOT_YET: {Regex.Escape(field)} "
                : $"^INVALID: {Regex.Escape(field)} is (.+|missing); accepted: ",
            refused.Message
        );
    }

    [Theory]
    [InlineData("""{"state":[{"op":"upsert","value":1}]}""", "state[0].key", "an object with op and key, and value where op is upsert")]
    [InlineData("""{"emit":[{"topic":"t","data":1},{"topic":"t"}]}""", "emit[1].data", "an object with at least topic and data")]
    public void A_field_that_is_missing_is_named_with_its_path(string json, string field, string form) =>
        Assert.Equal($"INVALID: {field} is missing; accepted: {form}.", Assert.Throws<DarqException>(() => Parse(json)).Message);

    [Fact]
    public void An_unknown_field_is_answered_with_those_that_are_built() =>
        Assert.EndsWith(
            "; accepted: id, consume, reads, state, emit, ack.",
            Assert.Throws<DarqException>(() => Parse("""{"colour":"red"}""")).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void All_that_a_step_says_is_read()
    {
        var step = Parse(
            $$"""
            {"consume":["{{StepSamples.Token}}"],
             "reads":[{"key":"r","etag":"1-2"},{"key":"absent","etag":null}],
             "state":[{"op":"upsert","key":"k","value": {"a": 1} ,"etag":"1-3","ttlInSeconds":60},
                      {"op":"upsert","key":"n","value":"x","concurrency":"first-write"},
                      {"op":"delete","key":"d","etag":"1-4","concurrency":"last-write"}],
             "emit":[{"topic":"t","data":[1]}]}
            """
        );

        Assert.Equal(("", StepSamples.Token), (step.Id, Assert.Single(step.Consumed).ToString()));
        Assert.Equal("s", Parse("""{"id":"s"}""").Id);
        Assert.Equal([(new StateKey("app||r"), "1-2"), (new StateKey("app||absent"), "")], step.Reads);
        Assert.Equal(
            [(StateChange.Upsert, "app||k", "1-3"), (StateChange.Upsert, "app||n", ""), (StateChange.Delete, "app||d", "")],
            step.Operations.Select(operation => (operation.Change, operation.Key.Key, operation.ETag ?? ""))
        );
        Assert.Equal(["""{"a": 1}""", "\"x\"", ""], step.Operations.Select(operation => Encoding.UTF8.GetString(operation.Value.Span)));
        Assert.Equal(
            (TimeSpan.FromMinutes(1), false, true),
            (step.Operations[0].TimeToLive, step.Operations[0].FirstWrite, step.Operations[1].FirstWrite)
        );
        Assert.Equal("t", Assert.Single(step.Emits).Topic);
    }

    [Fact]
    public void Null_says_no_more_than_leaving_a_field_out_and_is_a_value_only_where_any_JSON_is_one()
    {
        var step = Parse(
            """{"id":null,"consume":null,"state":[{"op":"delete","key":"k","value":null,"ttlInSeconds":null},{"op":"upsert","key":"k","value":null,"concurrency":null}]}"""
        );

        Assert.Equal(("", 0), (step.Id, step.Consumed.Count));
        Assert.Equal(
            ["", "null"],
            step.Operations.Select(operation => operation.Change == StateChange.Delete ? "" : Encoding.UTF8.GetString(operation.Value.Span))
        );
        Assert.False(step.Operations[1].FirstWrite);
    }

    [Fact]
    public void A_token_named_twice_is_consumed_once() =>
        Assert.Single(Parse($$"""{"consume":["{{StepSamples.Token}}","{{StepSamples.Token}}"]}""").Consumed);

    [Fact]
    public void A_token_of_a_partition_that_the_namespace_has_not_is_refused() =>
        Assert.Contains(
            "consume[0]",
            Assert.Throws<DarqException>(() => Parse("""{"consume":["s:64:1-7:12:g:t:i"]}""")).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void A_field_given_twice_is_refused_instead_of_losing_one() =>
        Assert.Contains(
            "given twice",
            Assert.Throws<DarqException>(() => Parse("""{"state":[],"state":[{"op":"delete","key":"k"}]}""")).Message,
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("""{"state":[{"op":"upsert","key":"k\ud800","value":1}]}""")]
    [InlineData("""{"state":[{"op":"upsert","key":"k","value":{"\ud800":1}}]}""")]
    [InlineData("""{"id":"\udc00"}""")]
    public void Text_that_is_no_Unicode_is_refused(string json) =>
        Assert.Contains("Unicode", Assert.Throws<DarqException>(() => Parse(json)).Message, StringComparison.Ordinal);

    [Fact]
    public void Bytes_that_are_no_UTF_8_are_refused() =>
        Assert.Contains(
            "UTF-8",
            Assert
                .Throws<DarqException>(() =>
                    Parser.Parse(new byte[] { (byte)'{', (byte)'"', 0xff, (byte)'"', (byte)':', (byte)'1', (byte)'}' })
                )
                .Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void A_byte_order_mark_is_passed_over() => Assert.Equal("x", Parse("\uFEFF{\"id\":\"x\"}").Id);

    [Fact]
    public void A_value_may_be_nested_deeply()
    {
        var deep = string.Concat(Enumerable.Repeat("[", 500)) + string.Concat(Enumerable.Repeat("]", 500));

        Assert.Equal(
            deep,
            Encoding.UTF8.GetString(Parse($$"""{"state":[{"op":"upsert","key":"k","value":{{deep}}}]}""").Operations[0].Value.Span)
        );
    }

    [Fact]
    public void More_operations_or_messages_than_the_limits_are_too_large()
    {
        static string Many(string field, string element, int count) =>
            $$"""{"{{field}}":[{{string.Join(',', Enumerable.Repeat(element, count))}}]}""";
        var (operations, messages) = (
            Many("state", """{"op":"delete","key":"k"}""", 100_001),
            Many("emit", """{"topic":"t","data":1}""", 1025)
        );

        foreach (var json in new[] { operations, messages })
        {
            Assert.False(Schema.Accepts(json));
            Assert.Equal(ErrorCode.TooLarge, Assert.Throws<DarqException>(() => Parse(json)).Code);
        }
    }

    [Fact]
    public void Without_a_known_prefix_only_a_step_with_keys_is_refused_and_told_the_setting()
    {
        var parser = new StepParser(64, keyPrefix: null);
        parser.Parse("""{"emit":[{"topic":"t","data":1}]}"""u8.ToArray());

        foreach (var json in new[] { """{"state":[{"op":"delete","key":"k"}]}""", """{"reads":[{"key":"k","etag":""}]}""" })
        {
            var refused = Assert.Throws<DarqException>(() => parser.Parse(Encoding.UTF8.GetBytes(json)));
            Assert.Equal(ErrorCode.Misconfigured, refused.Code);
            Assert.Contains("appID: \"{appID}\"", refused.Message, StringComparison.Ordinal);
        }
    }

    private static Step Parse(string json) => Parser.Parse(Encoding.UTF8.GetBytes(json));
}
