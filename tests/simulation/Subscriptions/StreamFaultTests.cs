using Darq.Engine.Subscriptions;
using Darq.Tests.Simulation.Fixtures;
using Xunit;

namespace Darq.Tests.Simulation.Subscriptions;

/// <summary>A fault inside the component must not end a stream, which no sidecar would open again.</summary>
public sealed class StreamFaultTests
{
    private static readonly string Topic = World.Tag() + ":t:t";

    [Fact]
    public void Message_that_failed_forty_times_is_delivered_again_however_long_its_retry_delay()
    {
        using var world = new World();
        var engine = world.Start();
        var inbox = new Inbox();
        var options = new SubscriptionOptions { RetryDelay = TimeSpan.FromHours(1), MaxRetryDelay = TimeSpan.FromMilliseconds(10) };
        var stream = engine.Attach("t", inbox, options);
        engine.Publish("t", "1");
        for (var attempt = 1; attempt <= 40; attempt++)
        {
            world.Await(() => inbox.Count == attempt, 5, $"attempt {attempt} is delivered");

            var fault = engine.FaultOf(() => stream.Nack(inbox.Last.Token));

            Assert.True(fault is null, $"Failure {attempt} threw out of its answer: {fault?.GetType().Name}.");
        }
    }

    [Theory]
    [InlineData("no json")]
    [InlineData("""{"name":1}""")]
    [InlineData("""{"name":"\ud800"}""")]
    [InlineData("""{"name":"half of it""")]
    public void Message_beside_one_whose_metadata_is_damaged_is_delivered(string metadata)
    {
        using var world = new World();
        var engine = world.Start();
        PublishDamagedAndSound(world, engine, metadata, new() { Concurrent = true });
        var inbox = new Inbox();

        engine.Attach("t", inbox);

        world.Await(() => inbox.Texts.Contains("sound"), 30, "a message beside a damaged one is delivered");
    }

    [Fact]
    public void Message_whose_metadata_is_damaged_does_not_end_the_stream_when_it_is_given_up()
    {
        using var world = new World();
        var engine = world.Start();
        var options = new SubscriptionOptions
        {
            Concurrent = true,
            MaxInFlight = 1,
            MaxDeliveries = 1,
        };
        PublishDamagedAndSound(world, engine, "no json", options);
        var inbox = new Inbox { Encodes = false };
        var stream = engine.Attach("t", inbox, options);
        world.Await(() => inbox.Count == 1, 10, "the first message is delivered");
        Assert.Equal("damaged", inbox.Texts.Last());

        var fault = engine.FaultOf(() => stream.Nack(inbox.Last.Token));

        Assert.True(fault is null, $"A message that is given up threw out of its answer: {fault?.GetType().Name}.");
        world.Await(() => inbox.Texts.Contains("sound"), 30, "the next message is delivered");
    }

    private static void PublishDamagedAndSound(World world, SimulatedEngine engine, string metadata, SubscriptionOptions options)
    {
        // A group that is known already keeps what comes while nobody listens.
        var early = engine.Attach("t", new Inbox(), options);
        world.Run(seconds: 3);
        engine.Ask(async () =>
        {
            await early.DisposeAsync();
            return true;
        });
        world.Run(seconds: 3);
        Assert.Equal("OK", engine.Publish("t", "damaged", ("name", "value")));
        Assert.Equal("OK", engine.Publish("t", "sound"));
        world.Damage(Topic, "m", metadata);
    }
}
