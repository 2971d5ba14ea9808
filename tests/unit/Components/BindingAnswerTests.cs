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
    [InlineData("""{"other":{"a":[1,2]},"timers":[]}""")]
    [InlineData("""{"reads":[]}""")]
    [InlineData("""{"State":[]}""")]
    [InlineData("""{"st\u0061te":[]}""")]
    [InlineData("\uFEFF{\"emit\":[]}")]
    public void An_object_with_a_field_of_a_step_is_one(string text) => Assert.True(BindingAnswer.IsStep(Encoding.UTF8.GetBytes(text)));

    [Theory]
    [InlineData("{\"state")]
    [InlineData("{")]
    [InlineData("{ok}")]
    [InlineData("""{"id":"x"} and more""")]
    [InlineData("""{"\ud800":1}""")]
    public void What_begins_like_an_object_and_is_none_may_be_a_step_that_broke(string text) =>
        Assert.True(BindingAnswer.IsStep(Encoding.UTF8.GetBytes(text)));

    [Theory]
    [InlineData("")]
    [InlineData("state")]
    [InlineData("[{\"state\":1}]")]
    [InlineData("""{"result":{"state":1}}""")]
    [InlineData("""{"status":"SUCCESS"}""")]
    [InlineData("""{"id":"x","ack":"durable"}""")]
    [InlineData("{}")]
    [InlineData("\"{\\\"state\\\":[]}\"")]
    [InlineData("null")]
    public void Anything_else_is_not(string text) => Assert.False(BindingAnswer.IsStep(Encoding.UTF8.GetBytes(text)));
}
