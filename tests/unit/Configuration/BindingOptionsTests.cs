using Darq.Component.Configuration;
using Xunit;
using static Darq.Tests.Unit.Configuration.InitOptions;

namespace Darq.Tests.Unit.Configuration;

/// <summary>What a binding reads, and as which group.</summary>
public sealed class BindingOptionsTests
{
    [Fact]
    public void An_input_binding_consumes_for_group_else_consumerID_else_appID()
    {
        Assert.Equal(
            "g",
            Accepted(ComponentService.InputBinding, ("topic", "t"), ("group", "g"), ("consumerID", "c"), ("appID", "a")).Group
        );
        Assert.Equal("c", Accepted(ComponentService.InputBinding, ("topic", "t"), ("consumerID", "c"), ("appID", "a")).Group);
        Assert.Equal("a", Accepted(ComponentService.InputBinding, ("topic", "t"), ("appID", "a")).Group);
    }

    [Fact]
    public void An_input_binding_reads_several_topics_and_is_known_to_be_concurrent()
    {
        var options = Accepted(ComponentService.InputBinding, ("topics", "a, b"), ("topic", "c"), ("appID", "app"));
        Assert.Equal(["c", "a", "b"], options.Topics);
        Assert.True(options.Subscription.Concurrent);
    }

    [Fact]
    public void An_input_binding_without_a_group_is_refused() => Refused(ComponentService.InputBinding, "group is missing", ("topic", "t"));

    [Fact]
    public void A_binding_with_direction_input_needs_a_topic() =>
        Refused(ComponentService.InputBinding, "topic is missing", ("direction", "input"), ("appID", "a"));

    [Fact]
    public void A_binding_that_only_sends_is_accepted_on_the_input_side_too() =>
        Assert.Empty(Accepted(ComponentService.InputBinding, ("appID", "a")).Topics);

    [Fact]
    public void A_direction_that_is_neither_is_refused() =>
        Refused(
            ComponentService.OutputBinding,
            "direction: \"sideways\" is not accepted; give input, output, or both as 'input, output'",
            ("direction", "sideways")
        );
}
