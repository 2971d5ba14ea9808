using System.Text;
using Darq.Component.Components;
using Xunit;

namespace Darq.Tests.Unit.Components;

public sealed class BindingAnswerTests
{
    [Theory]
    [InlineData("""{"state":[]}""")]
    [InlineData("""  {"id":"x","emit":[{"topic":"t"}]}""")]
    [InlineData("""{"consume":["t"]}""")]
    [InlineData("""{"State":[]}""")]
    [InlineData("\uFEFF{\"emit\":[]}")]
    [InlineData("""{"id":"x","ack":"durable"}""")]
    public void An_object_is_a_step(string text) => Assert.Equal(BindingAnswerKind.Step, KindOf(text));

    [Theory]
    [InlineData("""{"stat":[]}""")]
    [InlineData("""{"result":{"state":1}}""")]
    [InlineData("""{"status":"RETRY"}""")]
    [InlineData("""{"status":"success"}""")]
    [InlineData("""{"status":"SUCCESS","state":[]}""")]
    [InlineData("""{"state":[],"status":"SUCCESS"}""")]
    [InlineData("""{"status":1}""")]
    public void An_object_that_is_no_step_is_taken_for_a_faulty_one_and_acknowledges_nothing(string text) =>
        Assert.Equal(BindingAnswerKind.Step, KindOf(text));

    [Theory]
    [InlineData("{\"state")]
    [InlineData("{")]
    [InlineData("{ok}")]
    [InlineData("""{"id":"x"} and more""")]
    [InlineData("""{"status":"SUCCESS"} and more""")]
    [InlineData("{} {}")]
    [InlineData("""{"\ud800":1}""")]
    public void What_begins_like_an_object_and_is_none_may_be_a_step_that_broke(string text) =>
        Assert.Equal(BindingAnswerKind.Step, KindOf(text));

    [Theory]
    [InlineData("""{"status":"SUCCESS"}""")]
    [InlineData(""" { "st\u0061tus" : "SUCCESS" } """)]
    public void The_status_SUCCESS_alone_acknowledges(string text) => Assert.Equal(BindingAnswerKind.Success, KindOf(text));

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("OK")]
    [InlineData("state")]
    [InlineData("[{\"state\":1}]")]
    [InlineData("{}")]
    [InlineData(" { } ")]
    [InlineData("\"{\\\"state\\\":[]}\"")]
    [InlineData("null")]
    public void Anything_else_says_nothing(string text) => Assert.Equal(BindingAnswerKind.Unclear, KindOf(text));

    private static BindingAnswerKind KindOf(string text) => BindingAnswer.KindOf(Encoding.UTF8.GetBytes(text));
}
