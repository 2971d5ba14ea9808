using System.Text;
using Darq.Hosting;
using Xunit;

namespace Darq.Tests.Unit.Hosting;

public sealed class BindingAnswerTests
{
    [Theory]
    [InlineData("""{"state":[]}""")]
    [InlineData("""  {"id":"x","emit":[{"topic":"t"}]}""")]
    [InlineData("""{"consume":["t"]}""")]
    [InlineData("""{"other":{"a":[1,2]},"timers":[]}""")]
    public void An_object_with_a_field_of_a_step_is_one(string text) => Assert.True(BindingAnswer.IsStep(Encoding.UTF8.GetBytes(text)));

    [Theory]
    [InlineData("")]
    [InlineData("state")]
    [InlineData("[{\"state\":1}]")]
    [InlineData("""{"result":{"state":1}}""")]
    [InlineData("""{"status":"SUCCESS"}""")]
    [InlineData("{\"state")]
    [InlineData("{")]
    public void Anything_else_is_not(string text) => Assert.False(BindingAnswer.IsStep(Encoding.UTF8.GetBytes(text)));
}
