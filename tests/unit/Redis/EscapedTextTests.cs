using System.Text;
using Darq.Engine.Redis;
using Xunit;

namespace Darq.Tests.Unit.Redis;

public sealed class EscapedTextTests
{
    [Theory]
    [InlineData("")]
    [InlineData("plain")]
    [InlineData("grün 😀")]
    public void Text_is_itself(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);

        Assert.Equal(text, EscapedText.Decode(bytes));
        Assert.Equal(bytes, EscapedText.Encode(text));
    }

    [Fact]
    public void Any_bytes_come_back_as_they_were()
    {
        byte[] bytes = [.. Enumerable.Range(0, 256).Select(value => (byte)value), 0xE2, 0x82, (byte)'x', 0xF0, 0x9F];

        Assert.Equal(bytes, EscapedText.Encode(EscapedText.Decode(bytes)));
    }

    [Fact]
    public void Different_bytes_are_different_texts() => Assert.NotEqual(EscapedText.Decode([0x80]), EscapedText.Decode([0xC2, 0x80]));
}
