using Darq.Engine.Redis;
using Darq.Testing.Lua;
using Darq.Testing.Server;
using Darq.Tests.Shared;
using Darq.Tests.Simulation.Fixtures;
using Xunit;

namespace Darq.Tests.Simulation.Tests;

/// <summary>The simulator runs Lua 5.4, Redis Lua 5.1; what they would do differently goes to both.</summary>
public sealed class LuaMeaningTests
{
    private static readonly string[] Expressions =
    [
        "7 .. '' .. 10 / 2 .. ' ' .. 7 / 2 .. ' ' .. -0 .. ' ' .. 1e15 .. ' ' .. 123456789012345 .. ' ' .. 0x10 .. ' ' .. 3.0",
        "#'abc' .. ':' .. #{ 1, 2 } / 2 .. ':' .. ('x'):len() + 1",
        "tostring(2 ^ 53) .. tostring(9007199254740993) .. tostring(1 / 0) .. tostring(-1 / 0) .. tostring(3) .. tostring(nil)",
        "string.format('%d %s %5.1f %i %x %u %03d %% %q', 2 ^ 40, 4, 1.25, '7', 255, 8, 7, 'q')",
        "string.format('%d %d %d', 3.99, -3.99, 9007199254740991)",
        "string.format('%s %s', 9007199254740993, 1e15)",
        "(9007199254740992 + 1) .. ' ' .. ('9007199254740992' + '1') .. ' ' .. '10' * 2 .. ' ' .. -'2' .. ' ' .. '7' % '4' .. ' ' .. 2 ^ 63 + 1",
        "string.format('%.0f', 9223372036854775807 + 1) .. ' ' .. string.format('%.0f', 4611686018427387904 * 4)",
        "math.floor(3.7) .. math.ceil(3.2) .. math.pow(2, 10) .. math.max(1, 2.0) .. math.abs(-3) .. math.fmod(7, 3) .. 7 % 3 .. -7 % 3",
        "tonumber('10') .. tonumber('0x10') .. tonumber(' 5 ') .. tonumber('7', 8) .. tostring(tonumber('1e3')) .. tostring(tonumber('x'))",
        "tostring(tonumber('')) .. tostring(tonumber('inf')) .. tostring(tonumber('-infinity')) .. tostring(tonumber('infi')) .. tostring(tonumber('1 2'))",
        "tonumber('9007199254740993') .. ' ' .. tonumber('9223372036854775808') .. ' ' .. tonumber('5.') .. tonumber('.5')",
        "table.concat({ 1, 2 / 1, 'x', 4 / 2 }, 1) .. table.concat({}, ',') .. table.concat({ 1, 2, 3 }, '-', 2, 3)",
        "select('#', unpack({ 1, 2, nil, 4 }, 1, 4)) .. ' ' .. select(2, unpack({ 5, 6 }))",
        "tostring(pcall(unpack, {}, 1, 9000)) .. tostring((pcall(unpack, {}, 1, 7000)))",
        "(function() local t = {} for i = 1, 3 do t[#t + 1] = i .. '/' .. i / 1 end return table.concat(t, ' ') end)()",
        "(function() local t = {} for i = #'abc', 1, -1 do t[#t + 1] = i .. '' end return table.concat(t) end)()",
        "(function() local t = { [1] = 'a', [2.0] = 'b' } t[3 / 1] = 'c' return #t .. t[6 / 2] end)()",
        "(function() local n = 0 for k, v in pairs({ 5, 6, x = 7, y = false }) do n = n + (v or 1) end return n .. '' end)()",
        "(function() local t = { a = 1, b = 2, c = 3 } for k in pairs(t) do t[k] = nil end local n = 0 for _ in pairs(t) do n = n + 1 end return n .. '' end)()",
        "string.find('abc', '', 10) .. ' ' .. tostring(string.match('abc', '()', 10)) .. ' ' .. string.find('abc', 'c', -1)",
        "string.gsub('a1b2', '%d', '<%0>') .. select(2, string.gsub('aaa', 'a', ''))",
        "string.sub('abcdef', 2.9, -2.9) .. string.rep('x', 2.7) .. string.char(65.9, '66') .. string.byte('abc', 2.5) .. ('abc'):sub(1.5)",
        "string.find('abcabc', 'c', 3.9) .. tostring(pcall(string.rep, 'x', {})) .. tostring(pcall(string.sub, 'x'))",
        "type(2 ^ 53) .. type(3) .. tostring(1 == 1.0) .. tostring('1' == 1) .. tostring(2 ^ 53 == 2 ^ 53 + 1) .. tostring(0 / 0 == 0 / 0)",
        "tostring(pcall(function() return {} .. 'x' end)) .. tostring(pcall(function() return nil .. 'x' end)) .. tostring((pcall(function() return 'x' + 1 end)))",
        "(function() local ok, why = pcall(error, { err = 'E mine' }) return tostring(ok) .. type(why) end)()",
        "(function() local ok, why = pcall(error, 'plain', 0) return tostring(ok) .. why end)()",
        "(function() local a, b = 'x', 1 return a .. b .. (a .. b) .. a .. (function() return b .. b end)() end)()",
        "type(math.type) .. type(table.unpack) .. type(string.pack) .. type(math.tointeger) .. type(table.move)",
        "'a..b' .. \"1 .. 2\" .. [[3 .. '4']] .. [==[5]]6]==] -- .. 7",
    ];

    [Theory]
    [InlineData("Redis")]
    [InlineData("Valkey")]
    public async Task Expressions_mean_the_same_as_in_a_real_server(string program)
    {
        await using var real = await RedisServer.StartAsync(
            new Shared.RedisOptions { Program = Enum.Parse<RedisProgram>(program), AppendOnly = false }
        );
        using var client = new RespClient(real.Port);
        using var fake = new FakeServer(() => DateTimeOffset.UtcNow, new Random(1));
        var functions = Expressions.Select((text, i) => $"redis.register_function('f{i}', function()\n return {text}\n end)");
        var library = "#!lua name=meaning\n" + string.Join('\n', functions);
        Assert.Equal("meaning", client.Call("FUNCTION", "LOAD", library).ToString());
        fake.LoadLibrary(library);

        Assert.All(
            Expressions.Index(),
            expression =>
                Assert.Equal(
                    client.Call("FCALL", $"f{expression.Index}", "0").ToString(),
                    fake.Call(new FunctionCall($"f{expression.Index}", null, [])).ToString()
                )
        );
    }

    /// <summary>Lua 5.4 seeds its hashes anew in each state.</summary>
    [Fact]
    public void Order_of_a_table_is_the_same_in_each_run()
    {
        const string Library = """
            #!lua name=order
            redis.register_function('order', function()
              local all, keys = {}, {}
              for i = 1, 200 do all['key' .. i * 7919] = i end
              for key in pairs(all) do keys[#keys + 1] = key end
              return table.concat(keys, ' ')
            end)
            """;
        var orders = Enumerable.Range(0, 20).Select(_ => OrderOf(Library)).Distinct();

        Assert.Single(orders);
    }

    [Theory]
    [InlineData("a..1 ..b", "a.. joint__ ..1.0 .. joint__ ..b")]
    [InlineData("x1 = a1[2] + 0x1F - 1.5e3 .. ...", "x1 = a1[2.0] + 31.0 - 1.5e3 .. joint__ .. ...")]
    [InlineData("'1..2' .. \"\\\"3\" --[[4]] 5 -- 6..7", "'1..2' .. joint__ .. \"\\\"3\" --[[4]] 5.0 -- 6..7")]
    [InlineData("a ~= b -- c // d & goto", "a ~= b -- c // d & goto")]
    [InlineData("[=[1]]2]=] --[==[ 3\n]] 4 ]==] 5", "[=[1]]2]=] --[==[ 3\n]] 4 ]==] 5.0")]
    public void Source_is_rewritten_outside_of_texts_and_comments(string code, string rewritten) =>
        Assert.Equal(rewritten, Lua51Source.Rewrite(code));

    [Theory]
    [InlineData("return 7 // 2")]
    [InlineData("return 7 & 2")]
    [InlineData("return 7 | 2")]
    [InlineData("return ~7")]
    [InlineData("return 1 << 2")]
    [InlineData("goto done ::done::")]
    public async Task What_only_Lua_5_4_can_read_is_refused_as_a_real_server_does(string code)
    {
        await using var real = await RedisServer.StartAsync(new Shared.RedisOptions { AppendOnly = false });
        using var client = new RespClient(real.Port);
        using var fake = new FakeServer(() => DateTimeOffset.UtcNow, new Random(1));
        var library = $"#!lua name=new\nredis.register_function('f', function()\n {code}\n end)";

        Assert.StartsWith("-", $"{client.Call("FUNCTION", "LOAD", library)}", StringComparison.Ordinal);
        Assert.Throws<NotSupportedException>(() => fake.LoadLibrary(library));
    }

    private static string OrderOf(string library)
    {
        using var fake = new FakeServer(() => DateTimeOffset.UnixEpoch, new Random(1));
        fake.LoadLibrary(library);
        return fake.Call(new FunctionCall("order", null, [])).ToString();
    }
}
