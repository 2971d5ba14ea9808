using System.Text;
using System.Text.Json;
using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Durability;
using Darq.Engine.Requests;
using Darq.Tests.Unit.Steps.Json;
using Xunit;

namespace Darq.Tests.Unit.Requests;

/// <summary>What the operations barrier and status take and answer.</summary>
public sealed class BarrierRequestTests
{
    private static readonly StepSchema Schema = StepSchema.Read("barrier.schema.json");
    private static readonly DurabilityLevel Replicated = new(DurabilityKind.Replicated, 1);

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData(" { }\n")]
    [InlineData("""{"positions":[]}""")]
    [InlineData("""{"positions":null,"timeout":null}""")]
    public void Without_positions_it_is_about_all_that_was_applied(string json)
    {
        var request = Parse(json);

        Assert.Empty(request.Positions);
        Assert.Null(request.Timeout);
        Assert.True(json.Length == 0 || Schema.Accepts(json));
    }

    [Fact]
    public void Positions_and_timeout_are_read()
    {
        var request = Parse("""{"timeout":"1m","positions":["7:1700-42","0:1-0"]}""");

        Assert.Equal([new WirePosition(7, new(1700, 42)), new WirePosition(0, new(1, 0))], request.Positions);
        Assert.Equal(TimeSpan.FromMinutes(1), request.Timeout);
    }

    [Theory]
    [InlineData("[]", "data is an array")]
    [InlineData("7", "data is the number 7")]
    [InlineData("{", "data is not JSON")]
    [InlineData("{} {}", "data is not JSON")]
    [InlineData("""{"position":"7:1-1"}""", "position is an unknown field; accepted: positions, timeout")]
    [InlineData("""{"positions":"7:1-1"}""", "positions is the string '7:1-1'; accepted: a JSON list")]
    [InlineData("""{"positions":[7]}""", "positions[0] is the number 7")]
    [InlineData("""{"positions":["7:1-1","1-1"]}""", "positions[1] is the string '1-1'; accepted: a position")]
    [InlineData("""{"positions":["64:1-1"]}""", "with a partition below 64")]
    [InlineData("""{"positions":["\ud800"]}""", "positions[0] is a string that is not well-formed Unicode")]
    [InlineData("""{"timeout":5}""", "timeout is the number 5; accepted: a duration from 100ms to 1m")]
    [InlineData("""{"timeout":"99ms"}""", "timeout is the string '99ms'")]
    [InlineData("""{"timeout":"61s"}""", "timeout is the string '61s'")]
    public void Anything_else_is_refused_with_the_form_that_is_accepted(string json, string text) =>
        Assert.Contains(text, Assert.Throws<DarqException>(() => Parse(json)).Message, StringComparison.Ordinal);

    [Fact]
    public void More_than_a_thousand_positions_are_refused()
    {
        var list = string.Join(',', Enumerable.Repeat("\"7:1-1\"", BarrierRequest.MaxPositions));

        Assert.Equal(BarrierRequest.MaxPositions, Parse($$"""{"positions":[{{list}}]}""").Positions.Count);
        Assert.Throws<DarqException>(() => Parse($$"""{"positions":[{{list}},"7:1-1"]}"""));
    }

    [Theory]
    [InlineData(true, """{"outcome":"OK","durable":true,"worldLine":"1700","level":"replicated:1"}""")]
    [InlineData(null, """{"outcome":"OK","worldLine":"1700","level":"replicated:1"}""")]
    public void An_answer_says_durable_only_where_it_is(bool? durable, string json) =>
        Assert.Equal(json, Answer("barrier-answer", BarrierAnswer.Write(new BarrierEnd(durable, 1700, Replicated, []))));

    [Fact]
    public void A_loss_names_what_was_lost() =>
        Assert.StartsWith(
            """{"outcome":"ROLLED_BACK","worldLine":"1700","level":"replicated:1","positions":["7:1600-42"],"message":"ROLLED_BACK: """,
            Answer("barrier-answer", BarrierAnswer.Write(new BarrierEnd(true, 1700, Replicated, [new(7, new(1600, 42))]))),
            StringComparison.Ordinal
        );

    [Fact]
    public void Status_says_what_is_known()
    {
        var rung = new DurabilityRung(Replicated, "nothing");
        var primary = new PrimaryStatus("darq", "redis:6379", null, TimeSpan.Zero, rung, "no replica");
        var known = PartitionWatermark.Of(rung, 7, new(1700, 42), new(1700, 40));
        var fresh = PartitionWatermark.Of(rung, 8, new(1700, 1), default);

        Assert.Equal(
            """{"outcome":"OK","namespace":"darq","connected":true,"worldLine":"1700","durability":"auto","level":"replicated:1","durable":true"""
                + ""","atRisk":"nothing","stalled":"no replica","held":"1600","waiting":3,"watermark":"""
                + """{"7":{"applied":"7:1700-42","durable":"7:1700-40"},"8":{"applied":"8:1700-1"}}}""",
            Answer(
                "status-answer",
                BarrierAnswer.Write(new DurabilityStatus(primary, 1700, new(DurabilityKind.Auto), 1600, 3, [known, fresh]))
            )
        );
    }

    [Fact]
    public void Status_before_the_first_handshake_says_why_there_is_none()
    {
        var primary = new PrimaryStatus("darq", "redis:6379", "no answer", TimeSpan.Zero, DurabilityRung.Unknown, null);

        var answer = Answer("status-answer", BarrierAnswer.Write(new DurabilityStatus(primary, 0, Replicated, 0, 0, [])));

        Assert.StartsWith("""{"outcome":"OK","namespace":"darq","connected":false,"reason":"no answer","durability":""", answer);
    }

    [Theory]
    [InlineData(nameof(DurabilityKind.Reply), null)]
    [InlineData(nameof(DurabilityKind.Fsync), "7:1700-42")]
    public void Without_rounds_the_level_alone_says_what_is_durable(string kind, string? durable) =>
        Assert.Equal(
            durable,
            PartitionWatermark.Of(new(new(Enum.Parse<DurabilityKind>(kind)), ""), 7, new(1700, 42), new(1700, 40)).Durable?.ToString()
        );

    private static BarrierRequest Parse(string json) => BarrierRequest.Parse(Encoding.UTF8.GetBytes(json), 64);

    private static string Answer(string schema, ReadOnlyMemory<byte> answer)
    {
        using var json = JsonDocument.Parse(answer);
        Assert.True(StepSchema.Read($"{schema}.schema.json").Accepts(json.RootElement), $"not as the schema says: {json.RootElement}");
        return Encoding.UTF8.GetString(answer.Span);
    }
}
