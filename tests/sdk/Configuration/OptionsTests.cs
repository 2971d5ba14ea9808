using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace Darq.Tests.Sdk.Configuration;

/// <summary>What the options may be, and where they come from.</summary>
public sealed class OptionsTests
{
    [Fact]
    public void All_mistakes_are_told_at_once()
    {
        var refused = Assert.Throws<OptionsValidationException>(() =>
            Read(
                [],
                options =>
                {
                    options.Binding = " ";
                    options.MaxDeliveries = -1;
                    options.Ack = (AckLevel)7;
                    options.MaxMessageBytes = 0;
                    options.CommitTimeout = TimeSpan.Zero;
                    options.ConflictTimeout = TimeSpan.FromDays(1);
                    options.ProcessingTimeout = TimeSpan.Zero;
                }
            )
        );

        Assert.Equal(
            [
                NameMistake("PubSub", "", "pubsub.darq"),
                NameMistake("StateStore", "", "state.darq"),
                NameMistake("Binding", " ", "bindings.darq"),
                "Property Darq:MaxDeliveries: is -1; accepted: a whole number from 0 to 1000000.",
                "Property Darq:MaxMessageBytes: is 0; accepted: a whole number from 1 to 2147483647.",
                "Property Darq:ConflictTimeout: is 1.00:00:00; accepted: 00:00:00 to 01:00:00.",
                "Property Darq:CommitTimeout: is 00:00:00; accepted: 00:00:01 to 01:00:00.",
                "Property Darq:ProcessingTimeout: is 00:00:00; accepted: 00:00:00.0010000 to 1.00:00:00.",
                "Property Darq:Ack: is 7; accepted: Durable or Speculative, or null for the component's setting.",
            ],
            refused.Failures
        );
    }

    [Fact]
    public void The_configuration_has_them_and_code_wins()
    {
        var options = Read(
            new()
            {
                ["Darq:PubSub"] = "bank",
                ["Darq:StateStore"] = "ledger",
                ["Darq:Binding"] = "work",
                ["Darq:Ack"] = "speculative",
                ["Darq:MaxDeliveries"] = "3",
                ["Darq:MaxMessageBytes"] = "1000",
                ["Darq:ConflictTimeout"] = "00:00:02",
                ["Darq:CommitTimeout"] = "00:00:03",
                ["Darq:ProcessingTimeout"] = "00:00:04",
            },
            options => options.StateStore = "book"
        );

        Assert.Equal(("bank", "book", "work"), (options.PubSub, options.StateStore, options.Binding));
        Assert.Equal(AckLevel.Speculative, options.Ack);
        Assert.Equal((3, 1000), (options.MaxDeliveries, options.MaxMessageBytes));
        Assert.Equal((2, 3), (options.ConflictTimeout.TotalSeconds, options.CommitTimeout.TotalSeconds));
        Assert.Equal(4, options.ProcessingTimeout.TotalSeconds);
    }

    [Fact]
    public void A_handler_has_a_minute_as_the_component_gives_it()
    {
        var options = Read([], options => (options.PubSub, options.StateStore) = ("bank", "ledger"));

        Assert.Equal(TimeSpan.FromMinutes(1), options.ProcessingTimeout);
    }

    [Theory]
    [InlineData("Darq:MaxDeliveries", "ten", """Property Darq:MaxDeliveries: is "ten"; accepted: a whole number.""")]
    [InlineData(
        "Darq:CommitTimeout",
        "30s",
        """Property Darq:CommitTimeout: is "30s"; accepted: hours, minutes and seconds such as 00:00:30."""
    )]
    public void What_is_no_number_or_time_is_named_with_all_other_mistakes(string option, string text, string mistake) =>
        Assert.Equal(
            [mistake, NameMistake("PubSub", "", "pubsub.darq"), NameMistake("StateStore", "", "state.darq")],
            Assert.Throws<OptionsValidationException>(() => Read(new() { [option] = text }, _ => { })).Failures
        );

    private static string NameMistake(string option, string value, string type) =>
        $"Property Darq:{option}: is \"{value}\"; accepted: the name of a component of type {type}, as in "
        + $"AddDarq(o => o.{option} = \"…\").";

    private static DarqOptions Read(Dictionary<string, string?> configuration, Action<DarqOptions> configure)
    {
        using var services = new ServiceCollection()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(configuration).Build())
            .AddDarqClient(configure)
            .BuildServiceProvider();
        return services.GetRequiredService<IOptions<DarqOptions>>().Value;
    }
}
