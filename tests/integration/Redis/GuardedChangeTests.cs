using Darq.Engine.Redis;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Redis;

/// <summary>Changes that are made only while what they rest on is as it was seen.</summary>
public sealed class GuardedChangeTests
{
    [Fact]
    public async Task Change_is_made_whole_or_not_at_all()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var console = Console(redis);
        await redis.CliAsync("HSET", "h", "f", "seen");
        var change = new GuardedChange(
            ["h", "z"],
            [Condition.Field("h", "f", "seen"), Condition.Field("h", "missing", null), Condition.Type("z", "none")],
            [
                ["HSET", "h", "f", "new"],
                ["ZADD", "z", "5", "m"],
            ]
        );

        Assert.True(await console.ChangeAsync(change, TestContext.Current.CancellationToken));
        Assert.False(await console.ChangeAsync(change, TestContext.Current.CancellationToken));

        Assert.Equal("new", await redis.CliAsync("HGET", "h", "f"));
        Assert.Equal("5", await redis.CliAsync("ZSCORE", "z", "m"));
    }

    [Theory]
    [InlineData("f", "other")]
    [InlineData("f", null)]
    [InlineData("missing", "")]
    public async Task Change_whose_condition_fails_writes_nothing(string field, string? expected)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var console = Console(redis);
        await redis.CliAsync("HSET", "h", "f", "seen");

        var made = await console.ChangeAsync(
            new(
                ["h"],
                [Condition.Field("h", field, expected)],
                [
                    ["HSET", "h", "f", "new"],
                ]
            ),
            TestContext.Current.CancellationToken
        );

        Assert.False(made);
        Assert.Equal("seen", await redis.CliAsync("HGET", "h", "f"));
    }

    [Fact]
    public async Task Values_that_are_no_text_are_compared_as_they_are()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var console = Console(redis);
        await redis.CliAsync("EVAL", "return redis.call('HSET', 'h', 'f', '\\128\\255')", "0");
        var seen = (await console.ExecuteAsync([new("HGET", "h", "f")], TestContext.Current.CancellationToken))[0].Text;

        Assert.True(
            await console.ChangeAsync(
                new(
                    ["h"],
                    [Condition.Field("h", "f", seen)],
                    [
                        ["HDEL", "h", "f"],
                    ]
                ),
                TestContext.Current.CancellationToken
            )
        );
        Assert.Equal("0", await redis.CliAsync("EXISTS", "h"));
    }

    [Fact]
    public async Task Commands_answer_each_for_itself()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var console = Console(redis);
        await redis.CliAsync("SET", "s", "x");
        RedisCommand[] commands = [new("TYPE", "s"), new("HGET", "s", "f"), new("GET", "s")];

        var sent = await console.ExecuteAsync(commands, TestContext.Current.CancellationToken);
        var atOnce = await console.SnapshotAsync(commands, TestContext.Current.CancellationToken);

        Assert.Equal(("string", "x"), (sent[0].Text, sent[2].Text));
        Assert.StartsWith("WRONGTYPE", sent[1].Error, StringComparison.Ordinal);
        Assert.Equal(sent.Select(answer => answer.Error), atOnce.Select(answer => answer.Error));
        Assert.Equal(sent.Select(answer => answer.Text), atOnce.Select(answer => answer.Text));
    }

    private static RedisConsole Console(RedisServer redis) => new(new() { Host = "127.0.0.1", Port = redis.Port }, TimeProvider.System);
}
