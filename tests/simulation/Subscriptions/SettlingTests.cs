using Darq.Tests.Simulation.Fixtures;
using Xunit;

namespace Darq.Tests.Simulation.Subscriptions;

/// <summary>What becomes of a message whose answer and what Redis knows of it do not fit together.</summary>
public sealed class SettlingTests
{
    private const string Lane = "l:g:t";

    private static readonly string PartitionHeader = World.Tag() + ":m";

    [Fact]
    public void Message_whose_step_Redis_lost_is_delivered_again_though_its_handler_succeeded()
    {
        using var world = new World();
        var engine = world.Start();
        var inbox = new Inbox();
        var stream = engine.Attach("t", inbox);
        engine.Publish("t", "transfer");
        world.Await(() => inbox.Count == 1, 5, "the message is delivered");
        var before = world.Server.JournaledCalls;
        Assert.Equal("OK", engine.Step("account", "1", inbox.Last.Token));

        world.LoseSince(before);
        // Other traffic finds a batch missing, so that the process goes on under a new session. The lane is claimed and read
        // again, and its message held back until the handler answers.
        world.Run(seconds: 1);
        Assert.Equal("OK", engine.Write("other", "1"));
        world.Run(seconds: 10);
        Assert.Null(engine.Read("account"));
        Assert.Equal(1, inbox.Count);
        engine.Do(() => stream.Ack(inbox.Last.Token));

        world.Await(() => inbox.Count == 2, 30, "the message of a lost step is delivered again");
    }

    [Fact]
    public void Message_in_the_place_of_one_that_Redis_lost_while_its_handler_ran_is_delivered()
    {
        using var world = new World();
        var (consumer, publisher) = (world.Start(), world.Start());
        var inbox = new Inbox();
        var stream = consumer.Attach("t", inbox);
        world.Run(seconds: 3);
        var before = world.Server.JournaledCalls;
        Assert.Equal("OK", publisher.Publish("t", "lost"));
        world.Await(() => inbox.Count == 1, 5, "the message is delivered");

        world.LoseSince(before);
        world.Run(seconds: 3);
        Assert.Equal("OK", publisher.Publish("t", "in its place"));
        consumer.Do(() => stream.Ack(inbox.Last.Token));

        world.Await(() => inbox.Texts.Contains("in its place"), 30, "the message in the place of the lost one is delivered");
    }

    [Theory]
    [InlineData("BROKEN")]
    [InlineData("ERROR")]
    public void Acknowledgement_that_a_damaged_partition_refused_is_settled_after_the_repair(string code)
    {
        using var world = new World();
        var engine = world.Start();
        var inbox = new Inbox();
        var stream = engine.Attach("t", inbox);
        engine.Publish("t", "1", ("partitionKey", "k"));
        engine.Publish("t", "2", ("partitionKey", "k"));
        world.Await(() => inbox.Count == 1, 5, "the first message is delivered");

        var repair = code == "BROKEN" ? Break(world) : Garble(world);
        engine.Do(() => stream.Ack(inbox.Last.Token));
        world.Run(seconds: 3);
        repair();
        // Whether the answer is sent again or the message given back, its app takes it well.
        inbox.Acknowledges = true;

        world.Await(() => inbox.Texts.Contains("2"), 60, "the next message of the key is delivered");
    }

    [Fact]
    public void Step_that_is_fenced_in_one_lane_leaves_the_messages_of_another_as_they_were()
    {
        using var world = new World();
        var engine = world.Start(new() { Name = "sim", Partitions = 2 });
        var inbox = new Inbox();
        var stream = engine.Attach("t", inbox, new() { Concurrent = true, RetryDelay = TimeSpan.FromMilliseconds(10) });
        var keys = new[] { 0, 1 }.Select(partition => KeyIn(partition, of: 2)).ToArray();
        engine.Publish("t", "fenced", ("partitionKey", keys[0]));
        engine.Publish("t", "held", ("partitionKey", keys[1]));
        world.Await(() => inbox.Count == 2, 5, "both messages are delivered");
        engine.Do(() => stream.Nack(inbox.Find("held").Token));
        world.Await(() => inbox.Count == 3, 5, "the message that failed is delivered again");

        // Another process holds the lane of the first one now.
        var header = World.Tag(0, of: 2) + ":m";
        var rest = world.Cli("HGET", header, Lane).Split(' ', 3)[2];
        world.Cli("HSET", header, Lane, $"another {engine.Primary.WorldLine}.99 {rest}");
        Assert.Equal("FENCED", engine.Step("k", "1", inbox.Find("fenced").Token, inbox.Find("held").Token));
        world.Run(seconds: 3);
        engine.Do(() => stream.Nack(inbox.Find("held").Token));
        world.Await(() => inbox.Count == 4, 10, "the message that failed twice is delivered again");

        Assert.True(
            Inbox.AttemptOf(inbox.Find("held")) == 3,
            $"The attempts of a message whose lane was never lost began anew: {Inbox.AttemptOf(inbox.Find("held"))} instead of 3."
        );
    }

    /// <summary>Marks the partition as broken, as a request that failed in its middle does.</summary>
    private static Action Break(World world)
    {
        world.Cli("HSET", PartitionHeader, "broken", "by the test");
        return () => world.Cli("HDEL", PartitionHeader, "broken");
    }

    /// <summary>Puts something else in the place of the lane.</summary>
    private static Action Garble(World world)
    {
        var lane = world.Cli("HGET", PartitionHeader, Lane);
        world.Cli("HSET", PartitionHeader, Lane, "garbage");
        return () => world.Cli("HSET", PartitionHeader, Lane, lane);
    }

    private static string KeyIn(int partition, int of) =>
        Enumerable.Range(0, 1000).Select(i => $"key{i}").First(key => Darq.Engine.Core.PartitionHash.Of(key, of) == partition);
}
