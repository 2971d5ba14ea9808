using System.Text;
using Darq.Engine.Redis;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Darq.Tests.Unit.Redis;

public sealed class KeysTests
{
    private static readonly Keys Keys = new("darq", 4);

    [Fact]
    public void All_keys_of_a_partition_carry_its_tag()
    {
        var tag = PartitionTag.Of("darq", 3, 4);
        Assert.Equal(tag, Text(Keys.Tag(3)));
        Assert.Equal(tag + ":m", Keys.PartitionHeader(3));
        Assert.Equal(tag + ":c:s1", Keys.Session(3, "s1"));
        Assert.Equal(tag + ":t:orders", Keys.Stream(3, "orders"));
        Assert.Equal(tag + ":w", Keys.WakeUps(3));
        Assert.Equal("{darq}:ns", Keys.Namespace);
        Assert.Equal("{darq}:members", Keys.Members);
    }

    [Fact]
    public void Fields_of_a_header_are_encoded_once()
    {
        Assert.Equal(
            ("t:a%3Ab", "d:t", "l:g%2C:t"),
            (Text(Keys.TopicField("a:b")), Text(Keys.DuplicatesField('d', "t")), Text(Keys.LaneField("g,", "t")))
        );
        Assert.True(Keys.LaneField("g", "t").IsSame(Keys.LaneField("g", "t")));
    }

    [Theory]
    [InlineData("orders", "orders")]
    [InlineData("a:b", "a%3Ab")]
    [InlineData("100%", "100%25")]
    [InlineData("{a},b c", "%7Ba%7D%2Cb%20c")]
    [InlineData("é", "%C3%A9")]
    [InlineData("a\nb\u007f", "a%0Ab%7F")]
    public void Separators_controls_and_what_is_not_ascii_are_encoded(string name, string encoded)
    {
        Assert.Equal(encoded, Keys.Encode(name));
        Assert.Equal(name, Keys.Decode(encoded));
    }

    [Fact]
    public void Any_well_formed_name_survives_encoding() =>
        Prop.ForAll<string>(text => WellFormed(text) is var name && Keys.Decode(Keys.Encode(name)) == name).QuickCheckThrowOnFailure();

    [Fact]
    public void An_encoded_name_has_no_separator() =>
        Prop.ForAll<string>(text =>
                Keys.Encode(WellFormed(text)).All(c => c is > ' ' and < '\u007f' && !":,{}".Contains(c, StringComparison.Ordinal))
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Two_names_never_share_an_encoding() =>
        Prop.ForAll<string, string>(
                (one, other) => (WellFormed(one) == WellFormed(other)) == (Keys.Encode(WellFormed(one)) == Keys.Encode(WellFormed(other)))
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void A_name_that_looks_encoded_does_not_meet_the_one_it_looks_like() =>
        Assert.NotEqual(Keys.Encode("a:b"), Keys.Encode("a%3Ab"));

    [Fact]
    public void A_wake_up_channel_names_its_partition()
    {
        for (var partition = 0; partition < 4; partition++)
        {
            Assert.Equal(partition, Keys.PartitionOfWakeUps(Keys.WakeUps(partition)));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("w")]
    [InlineData("{darq}:w")]
    [InlineData("{darq:1}:w")]
    [InlineData("{darq::0}:w")]
    [InlineData("{darq:-1:0}:w")]
    [InlineData("{darq:x:0}:w")]
    [InlineData("{darq:99999999999:0}:w")]
    public void A_channel_of_somebody_else_names_none(string channel) => Assert.Equal(-1, Keys.PartitionOfWakeUps(channel));

    private static string Text(RedisArgument argument) => Encoding.UTF8.GetString(argument.ToBytes());

    /// <summary>As Limits lets names through: without lone surrogates.</summary>
    private static string WellFormed(string? text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text ?? ""));
}
