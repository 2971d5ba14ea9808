using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Darq.Engine.Core;
using Darq.Engine.Redis;
using Darq.Tests.Shared;
using Xunit;

namespace Darq.Tests.Integration.Redis;

/// <summary>What the seam promises of its connection, on a real server or a socket that says nothing.</summary>
public sealed partial class RedisClientTests
{
    private const string Library = """
        #!lua name=seam
        redis.register_function{ function_name='seam_write', callback=function(keys) return redis.call('INCR', keys[1]) end }
        redis.register_function{ function_name='seam_read', flags={ 'no-writes' }, callback=function(keys)
          return redis.call('GET', keys[1])
        end }
        redis.register_function{ function_name='seam_shapes', flags={ 'no-writes' }, callback=function(_, args)
          return { args[1], '', false, 7, {}, { args[1], { '\195\164' } }, args[2] }
        end }
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task A_call_is_one_command_in_any_database(int database)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var client = Client(redis.Port, database);
        await client.LoadLibraryAsync(Library, replace: false, default);
        Assert.Equal("1", (await client.CallAsync(new("seam_write", "k", []), default)).ToString());
        var before = await CommandsAsync(redis);

        for (var i = 0; i < 10; i++)
        {
            await client.CallAsync(new("seam_write", "k", []), default);
            await client.CallAsync(new("seam_read", "k", [], ReadOnly: true), default);
        }

        var after = await CommandsAsync(redis);
        var sent = after.Keys.Where(command => after[command] > before.GetValueOrDefault(command));
        Assert.Equal(["fcall", "fcall_ro", "get", "incr", "info"], sent.Order());
        Assert.Equal("11", await redis.CliAsync("-n", $"{database}", "GET", "k"));
    }

    [Fact]
    public async Task A_reply_keeps_its_shape_and_its_bytes()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var client = Client(redis.Port);
        await client.LoadLibraryAsync(Library, replace: false, default);
        byte[] binary = [0, 13, 10, 255, 36];
        var large = new byte[3_000_000];
        large.AsSpan().Fill(0xfe);

        RedisArgument[] arguments = [(ReadOnlyMemory<byte>)binary, (ReadOnlyMemory<byte>)large];
        var items = (await client.CallAsync(new("seam_shapes", null, arguments, ReadOnly: true), default)).Items;

        Assert.Equal(binary, items[0].Bytes.ToArray());
        Assert.Equal((false, 0), (items[1].IsNothing, items[1].Bytes.Length));
        Assert.True(items[2].IsNothing);
        Assert.Equal("7", items[3].ToString());
        Assert.Empty(items[4].Items);
        Assert.Equal(binary, items[5].Items[0].Bytes.ToArray());
        Assert.Equal("ä", items[5].Items[1].Items[0].ToString());
        Assert.Equal(large, items[6].Bytes.ToArray());
    }

    [Fact]
    public async Task A_stream_is_read_with_its_fields_in_order()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var client = Client(redis.Port);
        await redis.CliAsync("HSET", "header", "boot", "b");
        await redis.CliAsync("XADD", "stream", "1-0", "a", "before");
        await redis.CliAsync("XADD", "stream", "2-0", "d", "x", "long", "y");

        var slice = await client.ReadAsync("header", "stream", "1-0", 10, default);

        Assert.Equal("b", slice.ReplicationId);
        var entry = Assert.Single(slice.Entries);
        Assert.Equal("2-0", entry.Id);
        Assert.Equal([("d", "x"), ("long", "y")], entry.Fields.Select(field => (field.Key, Encoding.UTF8.GetString(field.Value.Span))));
        var none = await client.ReadAsync("no header", "no stream", "0", 10, default);
        Assert.Null(none.ReplicationId);
        Assert.Empty(none.Entries);
    }

    [Fact]
    public async Task A_subscriber_hears_again_after_its_connection_was_cut()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var client = Client(redis.Port);
        var heard = 0;
        await using var listening = await client.SubscribeAsync(["c1", "c2"], (_, _) => Interlocked.Increment(ref heard), default);
        Assert.Equal("1", await redis.CliAsync("SPUBLISH", "c2", "now"));
        await Eventually.TrueAsync(() => Volatile.Read(ref heard) == 1, Patience, "the first message is heard, once");

        await redis.CliAsync("CLIENT", "KILL", "TYPE", "pubsub");

        var isHeard = async () => await redis.CliAsync("SPUBLISH", "c2", "then") == "1";
        await Eventually.TrueAsync(isHeard, Patience, "the client subscribed again, once");
        await Eventually.TrueAsync(() => Volatile.Read(ref heard) == 2, Patience, "the message is heard, once");
    }

    [Fact]
    public async Task A_client_that_is_closed_while_it_connects_tries_no_longer()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var port = ((IPEndPoint)silent.LocalEndpoint).Port;
        var options = new Darq.Engine.Redis.RedisOptions
        {
            Host = "127.0.0.1",
            Port = port,
            DialTimeout = TimeSpan.FromMilliseconds(300),
        };
        var client = new RedisClient(options, TimeProvider.System);
        var call = client.DescribeAsync(default);
        using var first = await silent.AcceptTcpClientAsync();

        await client.DisposeAsync();

        await Assert.ThrowsAsync<RedisUnavailableException>(() => call);
        await HungUpAsync(first);
        // Those of the same attempt, which ended with it; whatever is left over would try again every second.
        while (silent.Pending())
        {
            await HungUpAsync(await silent.AcceptTcpClientAsync());
        }

        var again = Eventually.TrueAsync(silent.Pending, TimeSpan.FromSeconds(4), "somebody connects");
        await Assert.ThrowsAsync<TimeoutException>(() => again);
    }

    /// <summary>Waits until the other side has closed.</summary>
    private static async Task HungUpAsync(TcpClient connection)
    {
        using (connection)
        using (var patience = new CancellationTokenSource(Patience))
        {
            var said = new byte[4096];
            try
            {
                while (await connection.GetStream().ReadAsync(said, patience.Token) > 0) { }
            }
            catch (IOException)
            {
                // Reset is closed, too.
            }
        }
    }

    private static RedisClient Client(int port, int database = 0) =>
        new(
            new Darq.Engine.Redis.RedisOptions
            {
                Host = "127.0.0.1",
                Port = port,
                Database = database,
            },
            TimeProvider.System
        );

    private static async Task<Dictionary<string, long>> CommandsAsync(RedisServer redis) =>
        Calls()
            .Matches(await redis.CliAsync("INFO", "commandstats"))
            .ToDictionary(match => match.Groups[1].Value, match => long.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture));

    [GeneratedRegex(@"cmdstat_(\S+?):calls=(\d+)")]
    private static partial Regex Calls();
}
