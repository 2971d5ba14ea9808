using Darq.Engine.Core;
using Xunit;

namespace Darq.Tests.Unit.Core;

public sealed class LimitsTests
{
    [Fact]
    public void An_empty_name_is_refused() => AssertNameRefused("", "topic is ''");

    [Fact]
    public void A_name_with_a_control_character_is_refused_and_shown_without_it() => AssertNameRefused("a\nb", "'a\\u000ab'");

    [Fact]
    public void A_name_with_a_star_is_refused() => AssertNameRefused("orders.*", "'orders.*'");

    [Fact]
    public void A_name_of_256_bytes_is_refused() => AssertNameRefused(new string('a', 256), "1 to 255 bytes");

    [Fact]
    public void A_name_is_measured_in_bytes_and_not_in_characters() => AssertNameRefused(new string('é', 128), "1 to 255 bytes");

    [Fact]
    public void A_name_with_a_lone_surrogate_is_refused() => AssertNameRefused("a\ud800", "well-formed Unicode");

    [Fact]
    public void A_name_with_a_reversed_pair_is_refused() => AssertNameRefused("\udc00\ud800", "well-formed Unicode");

    [Theory]
    [InlineData("a")]
    [InlineData("orders/eu:1,{x} %")]
    [InlineData("größe-🚀")]
    public void Any_other_name_is_taken(string name) => Assert.Null(Record.Exception(() => Limits.CheckName("topic", name)));

    [Fact]
    public void A_name_of_255_bytes_is_taken() => Assert.Null(Record.Exception(() => Limits.CheckName("topic", new string('a', 255))));

    [Fact]
    public void A_key_over_1024_bytes_is_refused()
    {
        Assert.Null(Record.Exception(() => Limits.CheckKey("key", new string('k', 1024))));
        AssertInvalid(() => Limits.CheckKey("key", new string('k', 1025)), "at most 1,024 bytes");
        AssertInvalid(() => Limits.CheckKey("key", new string('é', 513)), "at most 1,024 bytes");
    }

    [Fact]
    public void A_long_key_is_cut_between_the_halves_of_a_pair_without_harm() =>
        AssertInvalid(() => Limits.CheckKey("key", "x" + string.Concat(Enumerable.Repeat("🚀", 600))), "at most 1,024 bytes");

    [Fact]
    public void A_key_with_a_lone_surrogate_is_refused() => AssertInvalid(() => Limits.CheckKey("key", "\udfff"), "key is '\\udfff'");

    [Fact]
    public void A_message_over_3_9_MiB_is_refused_with_its_size()
    {
        Assert.Null(Record.Exception(() => Limits.CheckMessage("the message", 4_089_446)));
        var refused = Assert.Throws<DarqException>(() => Limits.CheckMessage("the message", 4_089_447));

        Assert.Equal(ErrorCode.TooLarge, refused.Code);
        Assert.StartsWith("TOO_LARGE: the message has 4,089,447 bytes", refused.Message, StringComparison.Ordinal);
    }

    private static void AssertNameRefused(string name, string because) => AssertInvalid(() => Limits.CheckName("topic", name), because);

    private static void AssertInvalid(Action check, string because)
    {
        var refused = Assert.Throws<DarqException>(check);
        Assert.Equal(ErrorCode.Invalid, refused.Code);
        Assert.StartsWith("INVALID: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains(because, refused.Message, StringComparison.Ordinal);
    }
}
