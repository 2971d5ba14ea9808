using Darq.Hosting;
using Xunit;

namespace Darq.Tests.Unit.Hosting;

public sealed class DeliveredMetadataTests
{
    [Theory]
    [InlineData("darq-token")]
    [InlineData("partitionKey")]
    [InlineData("cloudevent.id")]
    public void Names_that_are_headers_pass(string name) => Assert.Equal("v", Clean((name, "v"))[name]);

    [Theory]
    [InlineData("")]
    [InlineData("with space")]
    [InlineData("line\nbreak")]
    [InlineData("colon:")]
    [InlineData("Ümlaut")]
    [InlineData("bytes-bin")]
    [InlineData("Content-Length")]
    [InlineData("content-type")]
    [InlineData("Transfer-Encoding")]
    [InlineData("connection")]
    [InlineData("dapr-api-token")]
    public void Names_that_break_a_delivery_are_left_out(string name) => Assert.Empty(Clean((name, "v")));

    [Theory]
    [InlineData("plain text: 100%", "plain text: 100%")]
    [InlineData("two\r\nlines", "two%0D%0Alines")]
    [InlineData("grün", "gr%C3%BCn")]
    [InlineData("a\u0000b", "a%00b")]
    [InlineData("a\u007fb", "a%7Fb")]
    [InlineData("😀", "%F0%9F%98%80")]
    public void Values_keep_what_a_header_can_hold_and_encode_the_rest(string value, string expected) => Assert.Equal(expected, Clean(("n", value))["n"]);

    [Fact]
    public void A_lone_surrogate_becomes_the_replacement_character() => Assert.Equal("lone%EF%BF%BD", Clean(("n", "lone\ud800"))["n"]);

    [Fact]
    public void Of_equal_names_the_last_counts() => Assert.Equal("2", Assert.Single(Clean(("n", "1"), ("N", "2"))).Value);

    private static Dictionary<string, string> Clean(params (string Name, string Value)[] metadata) =>
        DeliveredMetadata.Clean([.. metadata.Select(entry => KeyValuePair.Create(entry.Name, entry.Value))]);
}
