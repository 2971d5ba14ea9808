using System.Text.Json;
using Darq.Engine.Core;
using Darq.Engine.Publishing;
using Darq.Engine.Requests;
using Darq.Engine.State;
using Darq.Engine.Steps;
using Darq.Tests.Unit.Steps.Json;
using Xunit;

namespace Darq.Tests.Unit.Requests;

/// <summary>An answer says whether it is durable where that is known, and nothing where it is not.</summary>
public sealed class DurableAnswersTests
{
    private static readonly StepSchema Schema = StepSchema.Read("step-answer.schema.json");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [InlineData(null)]
    public void A_step_says_so(bool? durable)
    {
        var answer = Answer(new StepResult(false, "7:1700-4", []) { Durable = durable });

        Assert.Equal(durable, DurableOf(answer));
    }

    [Fact]
    public void A_step_that_changed_nothing_does_not() =>
        Assert.Null(DurableOf(Answer(StepResult.Refused(ErrorCode.Stale, "STALE: gone.") with { Durable = true })));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [InlineData(null)]
    public void A_publish_says_so(bool? durable)
    {
        var message = new Published("7-1700-1", 7, new(1700, 1), new(1700, 4), false) { Durable = durable };

        Assert.Equal(durable, DurableOf(StepAnswer.Write(message)));
    }

    [Theory]
    [InlineData(true, "true")]
    [InlineData(false, "false")]
    public void A_value_says_so_and_names_its_position(bool durable, string word)
    {
        var metadata = MetadataOf(new(new byte[1], "1700-4", null) { Durable = durable });

        Assert.Equal(word, metadata["darq-durable"]);
        Assert.Equal($"{PartitionHash.OfState("app||k", 64)}:1700-4", metadata["darq-position"]);
    }

    [Fact]
    public void A_value_of_which_that_is_not_known_has_no_metadata_for_it() => Assert.Empty(MetadataOf(new(new byte[1], "1700-4", null)));

    [Fact]
    public void A_key_that_is_not_there_has_none_either() => Assert.Empty(MetadataOf(new(default, null, null) { Durable = true }));

    private static Dictionary<string, string> MetadataOf(StateValue value)
    {
        var metadata = new Dictionary<string, string>();
        StateRequest.AddMetadata(new("app||k"), value, 64, metadata);
        return metadata;
    }

    private static ReadOnlyMemory<byte> Answer(StepResult result) => StepAnswer.Write(result, new(null!, 64, "app||", null));

    private static bool? DurableOf(ReadOnlyMemory<byte> answer)
    {
        using var json = JsonDocument.Parse(answer);
        Assert.True(Schema.Accepts(json.RootElement), $"not as the schema says: {json.RootElement}");
        return json.RootElement.TryGetProperty("durable", out var durable) ? durable.GetBoolean() : null;
    }
}
