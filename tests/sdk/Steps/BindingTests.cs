using System.Text.Json;
using Darq.Tests.Sdk.Fixtures;
using Darq.Tests.Shared;
using Json.Schema;
using Xunit;

namespace Darq.Tests.Sdk.Steps;

/// <summary>Steps that go over a binding.</summary>
public sealed class BindingTests : IDisposable
{
    private readonly TestServices _sdk = new(options => options.Binding = "work");

    private FakeSidecar Sidecar => _sdk.Sidecar;

    [Fact]
    public async Task A_step_has_the_form_that_the_component_accepts()
    {
        Sidecar.Put("a", "1");
        var schema = JsonSchema.FromText(
            await File.ReadAllTextAsync(
                Repository.PathOf("component", "Darq.Engine", "Steps", "Json", "step.schema.json"),
                TestContext.Current.CancellationToken
            )
        );

        var result = await _sdk.RunAsync(
            async step =>
            {
                await step.State.Get<int>("a");
                step.State.Set("b", new { X = "ü" }, TimeSpan.FromSeconds(2));
                step.State.Delete("c");
                step.Emit("paid", 7, key: "ann", id: "p", timeToLive: TimeSpan.FromSeconds(3));
            },
            TestContext.Current.CancellationToken
        );

        Assert.Equal(StepOutcome.Applied, result.Outcome);
        using var sent = JsonDocument.Parse(Sidecar.Steps[^1]);
        Assert.True(schema.Evaluate(sent.RootElement).IsValid, Sidecar.Steps[^1]);
        Assert.Equal(
            $$"""
            {"consume":["{{TestServices.Token}}"],"reads":[{"key":"a","etag":"1-1"}],
            "state":[{"op":"upsert","key":"b","value":{"x":"ü"},"ttlInSeconds":2},{"op":"delete","key":"c"}],
            "emit":[{"topic":"paid","data":7,"key":"ann","id":"p","ttlInSeconds":3}]}
            """.ReplaceLineEndings(""),
            Sidecar.Steps[^1].Replace("\\u00fc", "ü", StringComparison.OrdinalIgnoreCase)
        );
    }

    [Theory]
    [InlineData("""{"outcome":"DUPLICATE","position":"0:1-1","emitted":[]}""", StepOutcome.Duplicate, "")]
    [InlineData("""{"outcome":"FENCED","position":"","emitted":[],"message":"why"}""", StepOutcome.Fenced, "why")]
    public async Task The_outcome_is_the_answers(string answer, StepOutcome outcome, string text)
    {
        await _sdk.RunAsync(_ => { });
        Sidecar.StepAnswers.Enqueue(answer);

        var result = await _sdk.RunAsync(_ => { });

        Assert.Equal((outcome, text), (result.Outcome, result.Text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    public async Task An_answer_of_another_form_is_no_outcome(string answer)
    {
        await _sdk.RunAsync(_ => { });
        for (var i = 0; i < 100; i++)
        {
            Sidecar.StepAnswers.Enqueue(answer);
        }

        Assert.Equal(StepOutcome.Unknown, (await _sdk.RunAsync(_ => { })).Outcome);
    }

    [Fact]
    public async Task A_binding_that_writes_other_keys_than_the_store_reads_is_found_out()
    {
        Sidecar.Prefix = "other||";

        var refused = await Assert.ThrowsAsync<StepException>(() => _sdk.RunAsync(_ => Assert.Fail("it ran")));

        Assert.Contains("with the same keyPrefix", refused.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _sdk.Dispose();
}
