using Darq.Engine.Connection;
using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Engine.State;
using Darq.Engine.Subscriptions;
using Darq.Engine.Subscriptions.Ownership;
using Darq.Testing.Scheduling;
using Darq.Testing.Server;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Darq.Tests.Simulation.Tests;

/// <summary>Another process recovers while this one has no reason to look: its next reads still know the world-line of before.</summary>
public sealed class RecoveryByAnotherTests
{
    private readonly NamespaceOptions _options = new() { Name = "sim", Partitions = 2 };

    [Fact]
    public void Value_is_read_after_it() =>
        AnswersAfterRecovery(primary => new StateStore(primary, _options).GetAsync([new("key")], default).AsTask());

    [Fact]
    public void Tails_are_asked_for_after_it() =>
        AnswersAfterRecovery(primary =>
            new LaneClaims(primary, "group", "topic").TailsAsync(new("s", 0), [new(new(0, Order.Key), 0, 0)], default)
        );

    private void AnswersAfterRecovery(Func<Primary, Task> read)
    {
        var random = new Random(1);
        var loop = new Loop(random);
        using var server = new FakeServer(() => loop.Now, random);
        var process = new SimulatedProcess(loop, "process");
        var answered = 0;
        process.Start(async () =>
        {
            var redis = new FakeRedis(loop, process, server, new Weather(random), TimeSpan.FromSeconds(2));
            var primary = new Primary(redis, _options, process.Time, random, NullLoggerFactory.Instance);
            Assert.True(await primary.ConnectAsync(TimeSpan.FromSeconds(1), default));
            Recover(server, primary);
            await read(primary);
            answered++;
        });

        Assert.True(loop.RunUntil(() => answered > 0, TimeSpan.FromSeconds(1)), "no answer within a second");
    }

    /// <summary>One that knows of a later world-line moves the others on.</summary>
    private static void Recover(FakeServer server, Primary primary)
    {
        var header = primary.Keys.PartitionHeader(0);
        var identity = ((Reply.Bulk)server.Execute(["HGET", header, "id"])[0]).Text!;
        RedisArgument[] arguments = [identity, Handshake.Format, primary.WorldLine + 1, primary.Keys.Tag(0), primary.Keys.Tag(1)];
        server.Call(new(FunctionLibrary.Function("recover"), header, arguments));
    }
}
