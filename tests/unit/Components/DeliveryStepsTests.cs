using Darq.Component.Components;
using Darq.Engine.Core;
using Xunit;

namespace Darq.Tests.Unit.Components;

public sealed class DeliveryStepsTests
{
    [Theory]
    [InlineData("secret")]
    [InlineData("it is 'secret'; accepted: none")]
    public void A_refusal_is_logged_without_the_value_that_it_quotes(string value)
    {
        var logged = DeliverySteps.WithoutValue(Limits.Invalid("state[0].key", value, "a string").Message);

        Assert.Equal("INVALID: state[0].key is wrong; accepted: a string.", logged);
    }

    [Fact]
    public void A_refusal_for_a_missing_field_is_logged_as_it_is()
    {
        var refused = Limits.Missing("state[0].key", "an object with op and key");

        Assert.Equal("INVALID: state[0].key is missing; accepted: an object with op and key.", DeliverySteps.WithoutValue(refused.Message));
    }

    [Fact]
    public void A_refusal_that_quotes_nothing_is_logged_as_it_is() =>
        Assert.Equal("FULL: try again.", DeliverySteps.WithoutValue("FULL: try again."));
}
