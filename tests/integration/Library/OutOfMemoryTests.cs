using Darq.Engine.Core;
using Darq.Engine.State;
using Darq.Engine.Steps;
using Darq.Engine.Subscriptions.Deliveries;
using Darq.Tests.Integration.Engine;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Library;

/// <summary>A server at its maxmemory takes nothing new, and everything that frees.</summary>
public sealed class OutOfMemoryTests : EngineTests
{
    [Fact]
    public async Task A_full_server_refuses_what_is_new_and_takes_acks_and_deletes()
    {
        var inbox = new Inbox();
        await using var stream = Run.Subscriptions.Attach("g", "t", new(), inbox);
        await Run.State.ApplyAsync(new(StateChange.Upsert, new("k")) { Value = "v"u8.ToArray() }, default);
        await Run.PublishAsync("t", "x", ("partitionKey", "a"));
        var delivery = await inbox.NextAsync();

        await Redis.CliAsync("CONFIG", "SET", "maxmemory", "1");

        Assert.Equal(ErrorCode.Full, (await Assert.ThrowsAsync<DarqException>(() => Run.PublishAsync("t", "y"))).Code);
        Assert.Equal(
            ErrorCode.Full,
            (
                await Assert.ThrowsAsync<DarqException>(async () => await Run.State.ApplyAsync(new(StateChange.Upsert, new("l")), default))
            ).Code
        );
        await Run.State.ApplyAsync(new(StateChange.Delete, new("k")), default);
        Assert.Null(await Run.ReadAsync("k"));
        stream.Ack(delivery.Token);
        var partition = PartitionHash.Of("a", Run.Options.Partitions);
        await Eventually.TrueAsync(
            async () => await Redis.CliAsync("XLEN", Run.Primary.Keys.Stream(partition, "t")) == "0",
            TimeSpan.FromSeconds(10),
            "the answered message is acked and trimmed"
        );

        await Redis.CliAsync("CONFIG", "SET", "maxmemory", "0");

        Assert.False((await Run.PublishAsync("t", "y")).Duplicate);
    }

    [Fact]
    public async Task A_full_server_is_drained_by_a_process_that_comes_then_also_where_a_step_has_to_end_each_message()
    {
        for (var i = 0; i < 300; i++)
        {
            await Run.PublishAsync("t", "x", ("partitionKey", "a"));
        }

        await Redis.CliAsync("CONFIG", "SET", "maxmemory", "1");
        await Run.DisposeAsync();
        Run = await EngineRun.StartAsync(Redis.Port);
        var inbox = new Inbox();
        await using var stream = Run.Subscriptions.Attach("g", "t", new() { RequireStep = true }, inbox);

        for (var i = 0; i < 300; i++)
        {
            var delivery = await inbox.NextAsync();
            Assert.True(DeliveryToken.TryParse(delivery.Token, out var token));
            var step = new Step { Consumed = { token } };
            Assert.Null((await Run.StepExecutor.ApplyAsync(step, default)).Code);
            stream.Ack(delivery.Token);
        }

        var partition = PartitionHash.Of("a", Run.Options.Partitions);
        await Eventually.TrueAsync(
            async () => await Redis.CliAsync("XLEN", Run.Primary.Keys.Stream(partition, "t")) == "0",
            TimeSpan.FromSeconds(10),
            "all messages are done with"
        );
    }
}
