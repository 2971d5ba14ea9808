using System.Net;
using System.Net.Sockets;
using Darq.Engine.Core;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Engine;

/// <summary>A Redis that never answers is named with its address and with the reason that the client hides in its texts.</summary>
public sealed class AwayTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_port_on_which_nobody_listens() =>
        await SaysAsync(new() { Host = "127.0.0.1", Port = FreePort.Next() }, "connection refused");

    [Fact]
    public async Task A_host_whose_name_is_unknown() => await SaysAsync(new() { Host = "no-such-host.invalid" }, "host name unknown");

    [Fact]
    public async Task TLS_on_a_plain_port()
    {
        await using var redis = await RedisServer.StartAsync();

        await SaysAsync(
            new()
            {
                Host = "127.0.0.1",
                Port = redis.Port,
                EnableTls = true,
            },
            "TLS handshake failed"
        );
    }

    [Fact]
    public async Task A_server_that_closes_every_connection()
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        using var stopping = new CancellationTokenSource();
        var serving = ServeAsync();

        await SaysAsync(new() { Host = "127.0.0.1", Port = ((IPEndPoint)server.LocalEndpoint).Port }, "connection closed");

        await stopping.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => serving);

        async Task ServeAsync()
        {
            while (true)
            {
                (await server.AcceptTcpClientAsync(stopping.Token)).Dispose();
            }
        }
    }

    [Fact]
    public async Task A_server_that_wants_replicas_that_it_does_not_have()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var run = await EngineRun.StartAsync(redis.Port, new() { CallTimeout = TimeSpan.FromSeconds(1) });
        await redis.CliAsync("CONFIG", "SET", "min-replicas-to-write", "1");

        var refused = await Assert.ThrowsAsync<DarqException>(() => run.PublishAsync("t", "x"));

        Assert.Equal(ErrorCode.Unavailable, refused.Code);
        Assert.Contains("NOREPLICAS", refused.Message, StringComparison.Ordinal);
        Assert.Contains("NOREPLICAS", run.Primary.Status.Why, StringComparison.Ordinal);
        // As one does that connects to a server that was promoted a moment ago.
        await using var late = new EngineRun(redis.Port);
        Assert.False(await late.Primary.ConnectAsync(TimeSpan.FromMilliseconds(700), default));
        Assert.Contains("NOREPLICAS", late.Primary.Status.Why, StringComparison.Ordinal);

        await redis.CliAsync("CONFIG", "SET", "min-replicas-to-write", "0");

        Assert.False((await run.PublishAsync("t", "y")).Duplicate);
        await Eventually.TrueAsync(() => Task.FromResult(run.Primary.Status.Why is null), Patience, "it is over");
        Assert.True(await late.Primary.ConnectAsync(TimeSpan.FromSeconds(4), default));
    }

    [Fact]
    public async Task What_is_called_before_the_first_connection_waits_for_it()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var run = new EngineRun(redis.Port);

        var published = run.PublishAsync("t", "x");
        var read = run.Primary.PingAsync(default);

        Assert.False((await published).Duplicate);
        await read;
    }

    private static async Task SaysAsync(Darq.Engine.Redis.RedisOptions options, string why)
    {
        await using var run = new EngineRun(options);
        var expected = $"UNAVAILABLE: No Redis has answered at {options.Address} since start ({why}";

        var text = await Eventually.ValueAsync(
            TextAsync,
            text => text.StartsWith(expected, StringComparison.Ordinal),
            Patience,
            "it says why"
        );

        Assert.EndsWith("; check redisHost.", text, StringComparison.Ordinal);

        async Task<string> TextAsync() => (await Assert.ThrowsAsync<DarqException>(() => run.Primary.PingAsync(default))).Message;
    }
}
