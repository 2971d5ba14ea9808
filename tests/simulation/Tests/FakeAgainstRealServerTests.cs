using Darq.Engine.Redis;
using Darq.Testing.Server;
using Darq.Tests.Shared;
using Darq.Tests.Simulation.Fixtures;
using Xunit;

namespace Darq.Tests.Simulation.Tests;

/// <summary>The fake server is only worth what it shares with real ones, so the same calls go to both.</summary>
public sealed class FakeAgainstRealServerTests
{
    private const string Library = """
        #!lua name=twin
        redis.register_function('call', function(_, args) return redis.pcall(unpack(args)) end)
        redis.register_function('raise', function(_, args) return redis.call(unpack(args)) end)
        redis.register_function('value', function(_, args)
          local values = {
            function() return 3.99 end, function() return -3.99 end, function() return true end, function() return false end,
            function() return { 1, 2, nil, 4 } end, function() return { ok = 'FINE' } end, function() return { err = 'MY fault' } end,
            function() return { 'a', { 'b', {} }, false, 1.5 } end, function() return 'x\0y' end, function() return nil end,
            function() return redis.error_reply('MY fault') end, function() return redis.status_reply('FINE') end,
            function() redis.call('HSET', 'v', 'n', 1767225600000, 'm', 2 ^ 40, 'k', -2, 'j', 1e15, 'i', 9007199254740991)
              return redis.call('HMGET', 'v', 'n', 'm', 'k', 'j', 'i', 'none') end,
            function() return 1767225600000 .. ' ' .. 1e15 .. ' ' .. 0.1 .. ' ' .. string.format('%.0f', 1e15) end,
            function() return type(redis.call('HGET', 'none', 'x')) .. type(redis.call('SET', 'ok', 1).ok) .. type(redis.call('HMGET', 'none', 'x')[1]) end,
            function() local ok, why = pcall(redis.call, 'HGET', 'v'); return { ok and 1 or 0, type(why), why } end, function()
              local ok, why = pcall(error, { other = 1 }); return { ok and 1 or 0, type(why) } end,
          }
          return values[tonumber(args[1])]()
        end)
        """;

    [Theory]
    [InlineData("Redis", 1)]
    [InlineData("Redis", 2)]
    [InlineData("Valkey", 3)]
    public async Task Random_commands_get_the_same_replies(string program, int seed)
    {
        await using var real = await RedisServer.StartAsync(
            new Shared.RedisOptions { Program = Enum.Parse<RedisProgram>(program), AppendOnly = false }
        );
        using var client = new RespClient(real.Port);
        var started = DateTimeOffset.UtcNow;
        using var fake = new FakeServer(() => started, new Random(seed));
        Load(client, fake);
        var commands = new RandomCommands(new Random(seed), started.ToUnixTimeMilliseconds());

        for (var i = 0; i < 20_000; i++)
        {
            var words = commands.Next();
            var function = i % 8 == 0 ? "raise" : "call";
            var expected = Shown(client.Call(["FCALL", function, "0", .. words]));
            var actual = Shown(fake.Call(new FunctionCall(function, null, [.. words.Select(Argument)])));
            Assert.True(expected == actual, $"command {i}: {string.Join(' ', words)}\nreal: {expected}\nfake: {actual}");
        }
    }

    [Theory]
    [InlineData("Redis")]
    [InlineData("Valkey")]
    public async Task Lua_values_become_the_same_replies(string program)
    {
        await using var real = await RedisServer.StartAsync(
            new Shared.RedisOptions { Program = Enum.Parse<RedisProgram>(program), AppendOnly = false }
        );
        using var client = new RespClient(real.Port);
        using var fake = new FakeServer(() => DateTimeOffset.UtcNow, new Random(1));
        Load(client, fake);

        for (var i = 1; i <= 17; i++)
        {
            Assert.Equal(
                $"{i}: {Shown(client.Call("FCALL", "value", "0", $"{i}"))}",
                $"{i}: {Shown(fake.Call(new FunctionCall("value", null, [i])))}"
            );
        }
    }

    private static void Load(RespClient client, FakeServer fake)
    {
        Assert.Equal("twin", Shown(client.Call("FUNCTION", "LOAD", Library)));
        fake.LoadLibrary(Library);
    }

    // The keyspace of the fake has one char for each byte.
    private static RedisArgument Argument(string word) => (ReadOnlyMemory<byte>)System.Text.Encoding.Latin1.GetBytes(word);

    // Where in the script an error came from is the server's business, and so is its name.
    private static string Shown(Reply reply) =>
        Plain(reply is Reply.Error error ? "-" + error.Text.Split(" script:")[0] : reply.ToString());

    private static string Plain(string text) => text.Replace("calling Redis command", "calling command", StringComparison.Ordinal);
}
