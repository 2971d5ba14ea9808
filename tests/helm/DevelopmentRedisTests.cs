using Darq.Tests.Helm.Chart;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Helm;

/// <summary>
/// The script that starts the Redis for development, run on a real server: its folders are those of a pod, here in a temp folder.
/// </summary>
public sealed class DevelopmentRedisTests
{
    private const string Password = "a p#ss\"word $1";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData("redis.database=0", "default", "", true)]
    [InlineData("redis.passwordSecret.name=pw", "default", Password, true)]
    [InlineData("redis.passwordSecret.name=pw", "default", "another", false)]
    [InlineData("redis.passwordSecret.name=pw,redis.username=default", "default", Password, true)]
    [InlineData("redis.passwordSecret.name=pw,redis.username=darq", "darq", Password, true)]
    [InlineData("redis.passwordSecret.name=pw,redis.username=darq", "default", Password, false)]
    public async Task It_takes_the_login_of_the_values(string values, string user, string password, bool isTaken)
    {
        using var folder = new TempFolder();
        await using var server = await StartAsync(folder, values);
        await server.ReadyAsync(() => Task.FromResult(File.Exists(folder.PathOf("socket"))), Patience, "the server listens");

        string[] login = password.Length == 0 ? [] : ["--user", user, "--pass", password, "--no-auth-warning"];
        await using var cli = await ChildProcess.StartAsync(
            Tools.RedisCli,
            ["-s", folder.PathOf("socket"), .. login, "config", "get", "maxmemory-policy"]
        );
        await cli.WaitForExitAsync(Patience);

        Assert.Equal(isTaken, cli.Output.All.Contains("noeviction"));
    }

    [Fact]
    public async Task The_password_is_in_no_argument()
    {
        using var folder = new TempFolder();
        await using var server = await StartAsync(folder, "redis.passwordSecret.name=pw");
        await server.ReadyAsync(() => Task.FromResult(File.Exists(folder.PathOf("socket"))), Patience, "the server listens");

        Assert.DoesNotContain("ss\"word", await File.ReadAllTextAsync($"/proc/{server.Id}/cmdline"), StringComparison.Ordinal);
        Assert.DoesNotContain("ss\"word", await File.ReadAllTextAsync(folder.PathOf("run/users.acl")), StringComparison.Ordinal);
    }

    private static async Task<ChildProcess> StartAsync(TempFolder folder, string values)
    {
        var data = (await Rendering.WithAsync("redis.dev.enabled=true", values)).Single("ConfigMap", "shop-darq-redis")["data"]!;
        var script = ((string)data["start.sh"]!)
            .Replace("/run/redis", folder.PathOf("run"), StringComparison.Ordinal)
            .Replace("/etc/redis", folder.PathOf("etc"), StringComparison.Ordinal);
        var config = ((string)data["redis.conf"]!).Replace("/data", folder.PathOf("data"), StringComparison.Ordinal);
        folder.Write("etc/redis.conf", $"{config}port 0\nunixsocket {folder.PathOf("socket")}\n");
        var start = folder.Write("etc/start.sh", script);
        folder.Write("run/keep", "");
        folder.Write("data/keep", "");
        // The script takes the first of two names on PATH.
        File.CreateSymbolicLink(folder.PathOf("redis-server"), Tools.RedisServer);
        var path = $"{folder}:/usr/bin:/bin";
        return await ChildProcess.StartAsync("sh", [start], new Dictionary<string, string?> { ["PASSWORD"] = Password, ["PATH"] = path });
    }
}
