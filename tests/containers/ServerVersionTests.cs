using System.Text;
using Darq.Engine.State;
using Darq.Tests.Integration.Engine;
using Darq.Tests.Shared;
using DotNet.Testcontainers.Builders;
using Testcontainers.Redis;
using Xunit;

namespace Darq.Tests.Containers;

/// <summary>
/// The engine in small on every server that it accepts, each from its own image: the library loads, a message is published and
/// delivered, a step takes effect once. Where no Docker daemon answers, the server at hand still shows that the test itself works.
/// </summary>
public sealed class ServerVersionTests
{
    [Fact]
    public async Task A_step_takes_effect_once_on_the_server_at_hand()
    {
        await using var redis = await RedisServer.StartAsync();

        await StepTakesEffectOnceAsync(redis.Port);
    }

    [Theory]
    [InlineData("redis:7.0")]
    [InlineData("redis:7.2")]
    [InlineData("redis:7.4")]
    [InlineData("redis:8.0")]
    [InlineData("redis:8.2")]
    [InlineData("valkey/valkey:7.2")]
    [InlineData("valkey/valkey:8.0")]
    [InlineData("valkey/valkey:8.1")]
    public async Task A_step_takes_effect_once_on_the_image(string image)
    {
        await using var redis = await StartAsync(image);

        await StepTakesEffectOnceAsync(redis.GetMappedPublicPort(RedisBuilder.RedisPort));
    }

    /// <summary>A container of the image; skips where there is no Docker, and fails where there is one that cannot run it.</summary>
    private static async Task<RedisContainer> StartAsync(string image)
    {
        try
        {
            var redis = new RedisBuilder(image).WithCommand("--appendonly", "yes").Build();
            await redis.StartAsync();
            TestRedis.Note($"the image {image} (Docker)");
            return redis;
        }
        catch (DockerUnavailableException)
        {
            Assert.Skip("no Docker daemon answers");
            throw;
        }
    }

    private static async Task StepTakesEffectOnceAsync(int port)
    {
        await using var run = await EngineRun.StartAsync(port);
        var (transfers, receipts) = (new Inbox(), new Inbox());
        await using var stream = run.Subscriptions.Attach("ledger", "transfers", new(), transfers);
        await using var receiptStream = run.Subscriptions.Attach("auditor", "receipts", new(), receipts);
        await run.PublishAsync("transfers", """{"n":1}""");
        var token = Inbox.Header(await transfers.NextAsync(), "darq-token");

        var first = await StepAsync(run, token, "first");
        var second = await StepAsync(run, token, "second");

        Assert.False(first.Duplicate);
        Assert.True(second.Duplicate);
        Assert.Equal(first.Position, second.Position);
        Assert.Equal("first", await run.ReadAsync("ledger||alice"));
        Assert.Contains("\"receipt\":1", Inbox.Text(await receipts.NextAsync()), StringComparison.Ordinal);
    }

    private static ValueTask<Darq.Engine.Steps.StepResult> StepAsync(EngineRun run, string token, string value) =>
        run.StepExecutor.TransactAsync(
            [new(StateChange.Upsert, new("ledger||alice")) { Value = Encoding.UTF8.GetBytes(value) }],
            new Dictionary<string, string> { ["darq.token"] = token, ["darq.emit"] = """[{"topic":"receipts","data":{"receipt":1}}]""" },
            default
        );
}
