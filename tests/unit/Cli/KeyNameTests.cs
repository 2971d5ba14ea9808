using Darq.Component.Cli.Checks;
using Darq.Component.Cli.Data;
using Darq.Component.Cli.Findings;
using Xunit;

namespace Darq.Tests.Unit.Cli;

/// <summary>What the name of a key says, and what is wrong with one.</summary>
public sealed class KeyNameTests
{
    private static readonly Dictionary<string, int> Tags = new() { ["{darq:0:2}"] = 0, ["{darq:1:1}"] = 1 };

    [Theory]
    [InlineData("{darq:0:2}:m", "m", "hash")]
    [InlineData("{darq:0:2}:wlh", "wlh", "hash")]
    [InlineData("{darq:1:1}:t:orders", "t", "stream")]
    [InlineData("{darq:1:1}:t:or%3Aders", "t", "stream")]
    [InlineData("{darq:1:1}:i:orders:d12", "i", "hash")]
    [InlineData("{darq:1:1}:o:billing:orders", "o", "zset")]
    [InlineData("{darq:1:1}:q:billing:orders", "q", "zset")]
    [InlineData("{darq:1:1}:qb:billing:orders", "qb", "hash")]
    [InlineData("{darq:1:1}:c:4f2a", "c", "hash")]
    [InlineData("{darq:1:1}:s:app||any:{thing}:at all", "s", "string")]
    [InlineData("{darq:1:1}:r:3", "r", "hash")]
    [InlineData("{darq:1:1}:damaged:17:t:orders", "damaged", "")]
    public void Our_keys_have_a_kind_and_a_type(string key, string kind, string type)
    {
        var name = KeyName.Parse(key, Tags);

        Assert.True(name.IsOurs);
        Assert.Equal((kind, type), (name.Kind, name.Type));
    }

    [Theory]
    [InlineData("{darq:9:9}:m")]
    [InlineData("{darq:0:2}")]
    [InlineData("{darq:0:2}x:m")]
    [InlineData("{darq:0:2}:m:x")]
    [InlineData("{darq:0:2}:t:a:b")]
    [InlineData("{darq:0:2}:o:orders")]
    [InlineData("{darq:0:2}:i:orders:x1")]
    [InlineData("{darq:0:2}:r:x")]
    [InlineData("{darq:0:2}:zz:orders")]
    [InlineData("darq")]
    public void Other_names_are_none_of_ours(string key) => Assert.False(KeyName.Parse(key, Tags).IsOurs);

    [Fact]
    public void Bucket_says_which_field_names_it()
    {
        Assert.Equal(("d:orders", 12L), KeyName.Parse("{darq:1:1}:i:orders:d12", Tags).AsBucket());
        Assert.Equal(("r", 3L), KeyName.Parse("{darq:1:1}:r:3", Tags).AsBucket());
        Assert.Null(KeyName.Parse("{darq:1:1}:t:orders", Tags).AsBucket());
    }

    [Fact]
    public void Key_set_aside_keeps_its_tag_and_is_known_as_such()
    {
        var aside = KeyName.AsideOf("{darq:1:1}:s:a:b", 17);

        Assert.Equal("{darq:1:1}:damaged:17:s:a:b", aside);
        Assert.Equal(Severity.Note, KeyCheck.Judge(aside, KeyName.Parse(aside, Tags), "list")!.Severity);
    }

    [Theory]
    [InlineData("{darq:1:1}:t:orders", "string", true)]
    [InlineData("{darq:1:1}:s:x", "hash", true)]
    [InlineData("{darq:1:1}:cache", "string", false)]
    public void Wrong_type_is_an_error_and_an_unknown_name_a_warning(string key, string type, bool isError)
    {
        var finding = KeyCheck.Judge(key, KeyName.Parse(key, Tags), type)!;

        Assert.Equal((isError ? Severity.Error : Severity.Warning, key), (finding.Severity, finding.Key));
    }

    [Theory]
    [InlineData("{darq:1:1}:t:orders", "stream")]
    [InlineData("{darq:1:1}:t:orders", "none")]
    [InlineData("{darq:1:1}:cache", "none")]
    public void Right_type_and_a_key_that_is_gone_are_fine(string key, string type) =>
        Assert.Null(KeyCheck.Judge(key, KeyName.Parse(key, Tags), type));
}
