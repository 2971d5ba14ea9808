using Darq.Grpc;
using Xunit;

namespace Darq.Tests.Contract.Grpc;

/// <summary>
/// What a handler may put into headers: nothing that the transport could not carry or the protocol claims for itself.
/// </summary>
public sealed class MetadataTests
{
    [Theory]
    [InlineData("Upper")]
    [InlineData("with space")]
    [InlineData("")]
    [InlineData(":path")]
    [InlineData("grpc-status")]
    public void Name_that_is_no_header_name_is_refused(string name) =>
        Assert.Throws<ArgumentException>(() => new Metadata().Add(name, "value"));

    [Theory]
    [InlineData("grün")]
    [InlineData("two\nlines")]
    [InlineData("nul\0")]
    public void Text_that_a_header_cannot_carry_is_refused(string value) =>
        Assert.Throws<ArgumentException>(() => new Metadata().Add("name", value));

    [Fact]
    public void Bytes_need_a_binary_name_and_text_another()
    {
        Assert.Throws<ArgumentException>(() => new Metadata().Add("name", [1]));
        Assert.Throws<ArgumentException>(() => new Metadata().Add("name-bin", "text"));
    }

    [Fact]
    public void Last_of_repeated_values_is_the_one_added_last()
    {
        var metadata = new Metadata();
        metadata.Add("name", "first");
        metadata.Add("name", "last");
        metadata.Add("name-bin", [1]);
        metadata.Add("name-bin", [2]);
        Assert.Equal("last", metadata.Last("name"));
        Assert.Equal(["first", "last"], metadata.All("name"));
        Assert.Equal([2], metadata.LastBinary("name-bin"));
        Assert.Null(metadata.Last("other"));
        Assert.Null(metadata.LastBinary("other-bin"));
    }

    [Theory]
    [InlineData("plain text", "plain text")]
    [InlineData("100%", "100%25")]
    [InlineData("a\nb", "a%0Ab")]
    [InlineData("ü€", "%C3%BC%E2%82%AC")]
    public void Status_text_is_percent_encoded(string text, string encoded) => Assert.Equal(encoded, StatusText.PercentEncode(text));

    [Fact]
    public void Half_a_surrogate_pair_in_a_status_text_becomes_valid_utf8() =>
        Assert.Equal("x%EF%BF%BD", StatusText.PercentEncode("x" + (char)0xD800));
}
