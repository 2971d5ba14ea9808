using System.Text.Json;
using Darq.Tests.Sdk.Fixtures;
using Xunit;

namespace Darq.Tests.Sdk.Steps;

/// <summary>When the component is asked to answer.</summary>
public sealed class AckTests
{
    [Theory]
    [InlineData(null, null)]
    [InlineData(AckLevel.Durable, "durable")]
    [InlineData(AckLevel.Speculative, "speculative")]
    public async Task Publishes_and_steps_say_the_level_of_the_app(AckLevel? level, string? word)
    {
        using var sdk = new TestServices(options => options.Ack = level);

        await sdk.InTimeAsync(sdk.Client.PublishAsync("orders", "o-1", 1));
        await sdk.RunAsync(step => step.Emit("paid", 1));

        Assert.Equal(word, sdk.Sidecar.Published.Single().Metadata.GetValueOrDefault("darq.ack"));
        Assert.Equal(word, sdk.Sidecar.Transactions.Single().Metadata.GetValueOrDefault("darq.ack"));
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData(AckLevel.Speculative, "speculative")]
    public async Task Steps_over_a_binding_say_it_as_well(AckLevel? level, string? word)
    {
        using var sdk = new TestServices(options => (options.Binding, options.Ack) = ("steps", level));

        await sdk.RunAsync(step => step.Emit("paid", 1));

        using var sent = JsonDocument.Parse(sdk.Sidecar.Steps[^1]);
        Assert.Equal(word, sent.RootElement.TryGetProperty("ack", out var ack) ? ack.GetString() : null);
    }
}
