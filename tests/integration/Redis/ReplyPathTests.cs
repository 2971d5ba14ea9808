using System.Globalization;
using System.Text.RegularExpressions;
using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Redis;

/// <summary>
/// What becomes of calls whose replies are late, cut off or never come, and of their connections. The server is a real one, paused or
/// behind a relay.
/// </summary>
public sealed partial class ReplyPathTests
{
    private const string Library = """
        #!lua name=path
        redis.register_function{ function_name='path_append', callback=function(keys, args)
          redis.call('APPEND', keys[1], args[1])
          return args[1]
        end }
        redis.register_function{ function_name='path_large', callback=function(keys)
          redis.call('INCR', keys[1])
          return string.rep('x', 1000000)
        end }
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    // A call that waits for it has hung.
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Calls_are_executed_in_the_order_in_which_they_are_sent_and_each_gets_its_own_reply()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var client = await ClientAsync(redis.Port);
        RedisArgument[] arguments = [.. Enumerable.Range(0, 200).Select(number => (RedisArgument)$"{number},")];

        var calls = arguments.Select(argument => client.CallAsync(new("path_append", "k", [argument]), default)).ToArray();
        var replies = await Task.WhenAll(calls).WaitAsync(Patience);

        Assert.Equal(Enumerable.Range(0, 200).Select(number => $"{number},"), replies.Select(reply => reply.ToString()));
        Assert.Equal(string.Concat(replies.Select(reply => reply.ToString())), await redis.CliAsync("GET", "k"));
    }

    [Fact]
    public async Task A_connection_that_is_lost_in_the_middle_of_a_reply_ends_the_call_and_the_next_call_works()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var relay = new TcpRelay(redis.Port);
        await using var client = await ClientAsync(relay.Port, Long);
        relay.CutAfter(500_000);

        var call = client.CallAsync(new("path_large", "k", []), default);

        await Assert.ThrowsAsync<RedisUnavailableException>(() => call.WaitAsync(Patience));
        Assert.Equal("1", await redis.CliAsync("GET", "k"));
        await WorksAgainAsync(client);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_given_up_and_answers_the_next_call_in_time()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var client = await ClientAsync(redis.Port, TimeSpan.FromMilliseconds(300));
        redis.Pause();

        var call = client.CallAsync(new("path_append", "k", ["a"]), default);
        var read = client.ReadAsync("header", "stream", "0", 10, default);

        await Assert.ThrowsAsync<RedisUnavailableException>(() => call.WaitAsync(Patience));
        await Assert.ThrowsAsync<RedisUnavailableException>(() => read.WaitAsync(Patience));
        redis.Resume();
        await WorksAgainAsync(client);
    }

    [Fact]
    public async Task A_call_that_is_cancelled_ends_at_once_and_its_late_reply_goes_to_nobody_else()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var client = await ClientAsync(redis.Port, Long);
        using var cancelled = new CancellationTokenSource();
        redis.Pause();

        var first = client.CallAsync(new("path_append", "k", ["a"]), cancelled.Token);
        var second = client.CallAsync(new("path_append", "k", ["b"]), default);
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.WaitAsync(Patience));
        redis.Resume();
        Assert.Equal("b", (await second.WaitAsync(Patience)).ToString());
    }

    [Fact]
    public async Task A_client_that_is_closed_ends_the_calls_that_are_out_and_leaves_no_connection()
    {
        await using var redis = await RedisServer.StartAsync();
        var client = await ClientAsync(redis.Port, Long);
        await using var listening = await client.SubscribeAsync(["c"], (_, _) => { }, default);
        redis.Pause();
        var small = client.CallAsync(new("path_append", "k", ["a"]), default);
        // More than the sockets hold, so that it is still being sent.
        var large = client.CallAsync(new("path_append", "k", [(ReadOnlyMemory<byte>)new byte[32 * 1024 * 1024]]), default);

        await client.DisposeAsync().AsTask().WaitAsync(Patience);

        await Assert.ThrowsAsync<RedisUnavailableException>(() => small.WaitAsync(Patience));
        await Assert.ThrowsAsync<RedisUnavailableException>(() => large.WaitAsync(Patience));
        redis.Resume();
        await Eventually.TrueAsync(async () => await ConnectionsAsync(redis) == 1, Patience, "only the connection that asks is left");
    }

    [Fact]
    public async Task A_connection_that_the_server_ends_has_one_successor()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var client = await ClientAsync(redis.Port);
        var before = await ConnectionsAsync(redis);

        for (var i = 0; i < 3; i++)
        {
            await redis.CliAsync("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
            await WorksAgainAsync(client);
        }

        await Eventually.TrueAsync(
            async () => await ConnectionsAsync(redis) == before,
            Patience,
            "there are as many connections as before"
        );
    }

    [Fact]
    public async Task A_refused_login_is_soon_told_from_a_missing_answer()
    {
        await using var redis = await RedisServer.StartAsync(new Darq.Tests.Shared.RedisOptions { Password = "right" });
        var options = Options(redis.Port, Long) with { Password = "wrong" };
        await using var client = new RedisClient(options, TimeProvider.System);

        // The client library may tell that there is no connection before it tells why.
        var isRefused = async () =>
            await Record.ExceptionAsync(() => client.CallAsync(new("path_append", "k", ["a"]), default).WaitAsync(Patience))
                is RedisRefusedException { Code: "WRONGPASS" };
        await Eventually.TrueAsync(isRefused, Patience, "the call is refused");
    }

    private static async Task WorksAgainAsync(RedisClient client)
    {
        var works = async () =>
        {
            try
            {
                return (await client.CallAsync(new("path_append", "again", ["a"]), default)).ToString() == "a";
            }
            catch (RedisUnavailableException)
            {
                return false;
            }
        };
        await Eventually.TrueAsync(works, Patience, "a call is answered again");
    }

    private static async Task<int> ConnectionsAsync(RedisServer redis) =>
        int.Parse(Clients().Match(await redis.CliAsync("INFO", "clients")).Groups[1].Value, CultureInfo.InvariantCulture);

    private static async Task<RedisClient> ClientAsync(int port, TimeSpan? callTimeout = null)
    {
        var client = new RedisClient(Options(port, callTimeout ?? TimeSpan.FromSeconds(10)), TimeProvider.System);
        await client.LoadLibraryAsync(Library, replace: false, default);
        return client;
    }

    private static Darq.Engine.Redis.RedisOptions Options(int port, TimeSpan callTimeout) =>
        new()
        {
            Host = "127.0.0.1",
            Port = port,
            CallTimeout = callTimeout,
        };

    [GeneratedRegex(@"connected_clients:(\d+)")]
    private static partial Regex Clients();
}
