using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Fixtures;

public sealed class RedisServerTests
{
    [Theory]
    [InlineData("Redis", "redis_version:7")]
    [InlineData("Valkey", "valkey_version:8")]
    public async Task Server_killed_and_restarted_keeps_what_its_file_has(string program, string version)
    {
        await using var redis = await RedisServer.StartAsync(new RedisOptions { Program = Enum.Parse<RedisProgram>(program) });
        Assert.Contains(version, await redis.CliAsync("info", "server"), StringComparison.Ordinal);
        await redis.CliAsync("set", "kept", "yes");
        var before = redis.ProcessId;

        await redis.RestartAsync();

        Assert.NotEqual(before, redis.ProcessId);
        Assert.Equal("yes", await redis.CliAsync("get", "kept"));
    }

    [Fact]
    public async Task Paused_server_answers_nothing_until_resumed()
    {
        await using var redis = await RedisServer.StartAsync();
        redis.Pause();
        var answer = redis.CliAsync("ping");

        await Assert.ThrowsAsync<TimeoutException>(() => answer.WaitAsync(TimeSpan.FromMilliseconds(300)));

        redis.Resume();
        Assert.Equal("PONG", await answer);
    }

    [Fact]
    public async Task Password_and_users_are_asked_for()
    {
        var acl = "user default on >open-sesame ~* &* +@all\nuser narrow on >narrow ~darq:* +get\n";
        await using var redis = await RedisServer.StartAsync(new RedisOptions { Password = "open-sesame", Acl = acl });

        Assert.Equal("PONG", await redis.CliAsync("ping"));
        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            redis.CliAsync("--user", "narrow", "--pass", "narrow", "set", "darq:1", "x")
        );
        Assert.Contains("NOPERM", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bad_configuration_fails_with_what_the_server_said()
    {
        var fault = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            RedisServer.StartAsync(new RedisOptions { ExtraLines = ["no-such-setting yes"] })
        );
        Assert.Contains("no-such-setting", fault.Message, StringComparison.Ordinal);
    }
}
