using Darq.Engine.Core;
using Darq.Engine.Subscriptions.Deliveries;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Darq.Tests.Unit.Subscriptions.Deliveries;

public sealed class DeliveryTokenTests
{
    [Theory]
    [InlineData("orders")]
    [InlineData("a:b")]
    [InlineData("a%3Ab")]
    [InlineData("{x},y z")]
    [InlineData("größe-🚀")]
    [InlineData("\u202e\ufeff")]
    public void A_token_names_the_same_delivery_when_it_comes_back(string name)
    {
        var token = new DeliveryToken("s1", name, name + "t", 63, new(1_700_000_000_000, 7), 9, MessageIds.MarkOf(name));

        Assert.True(DeliveryToken.TryParse(token.ToString(), out var back));
        Assert.Equal(token, back);
        Assert.All(token.ToString(), c => Assert.InRange(c, '!', '~'));
    }

    [Theory]
    [InlineData("")]
    [InlineData("token")]
    [InlineData("::::::")]
    [InlineData(":0:1-1:1:g:t:i")]
    [InlineData("s:0:1-1:1:g:t")]
    [InlineData("s:0:1-1:1:g:t:i:x")]
    [InlineData("s:-1:1-1:1:g:t:i")]
    [InlineData("s:99999999999:1-1:1:g:t:i")]
    [InlineData("s:0:11:1:g:t:i")]
    [InlineData("s:0:1-1:x:g:t:i")]
    [InlineData("s:0:1-1:1::t:i")]
    [InlineData("s:0:1-1:1:g::i")]
    [InlineData("s:0:1-1:1:g:t:")]
    public void Garbage_is_no_token(string text) => Assert.False(DeliveryToken.TryParse(text, out _));

    [Fact]
    public void No_text_makes_reading_a_token_throw() =>
        Prop.ForAll<string>(text =>
            {
                var parsed = DeliveryToken.TryParse($"s:1:2-3:4:{text}:t:i", out var token);
                return !parsed || token!.Number == 4;
            })
            .QuickCheckThrowOnFailure();
}
